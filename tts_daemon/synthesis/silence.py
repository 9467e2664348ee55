"""Silence between clauses: how much there has to be, how much there may be, and chunks of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tts_daemon.domain import INNER_PAUSES, AudioChunk, Clause
from tts_daemon.voices.manifest import Manifest

_LONGEST_TAIL_S = 0.6
"""Silence that a sentence may end with, at a pause factor of 1; a clause inside of one ends with
its pause's floor."""
_CHUNK_S = 0.25


def floor_s(manifest: Manifest, clause: Clause) -> float:
    """Least silence between this clause and the next."""
    floors = [manifest.pause_floors.of(kind) for kind in clause.pauses[-1:]]
    return sum(floors) * clause.style.pause / clause.style.speed


def longest_tail_s(manifest: Manifest, clause: Clause) -> float:
    """Silence that this clause itself may end with."""
    if INNER_PAUSES.intersection(clause.pauses[-1:]):
        return floor_s(manifest, clause)
    return _LONGEST_TAIL_S * clause.style.pause


def silence(seconds: float, sample_rate: int, clause: int, volume: float) -> Iterator[AudioChunk]:
    """Of any length, in chunks that a stream may be stopped between."""
    left = round(seconds * sample_rate)
    while left > 0:
        count = min(left, int(_CHUNK_S * sample_rate))
        yield AudioChunk(np.zeros(count, np.float32), sample_rate, clause, volume)
        left -= count
