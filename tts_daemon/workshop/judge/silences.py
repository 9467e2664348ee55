"""Silences inside an utterance, and the speech between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_daemon.workshop.judge.measures import QUIET_BELOW_DB, SAMPLE_RATE, Floats

_HOP = 80
"""Samples of 5 ms."""
_CLAUSE_SILENCE_S = 0.1
_FLOOR = 1e-6


def inner_silences_s(waveform: Floats) -> list[float]:
    """All silences between two sounds, the longest first, in seconds."""
    found = [end - begin for begin, end in _quiet(waveform)]
    return sorted((hops * _HOP / SAMPLE_RATE for hops in found), reverse=True)


def mark_silences_s(waveform: Floats, marks: int) -> list[float]:
    """The silences of so many marks inside an utterance; 0 where there are too few."""
    return (inner_silences_s(waveform) + [0.0] * marks)[:marks]


def clause_levels_db(waveform: Floats) -> list[float]:
    """Level of each stretch of speech between two silences of 0.1 s or more, dBFS."""
    cuts = [
        (begin + end) // 2 * _HOP
        for begin, end in _quiet(waveform)
        if (end - begin) * _HOP >= _CLAUSE_SILENCE_S * SAMPLE_RATE
    ]
    levels = []
    for clause in np.split(waveform, cuts):
        hops = _levels_db(clause)
        loud = hops[hops >= np.percentile(hops, 95) - QUIET_BELOW_DB] if len(hops) else hops
        if len(loud):
            levels.append(float(10 * np.log10(np.mean(10 ** (loud / 10)))))
    return levels


def _quiet(waveform: Floats) -> list[tuple[int, int]]:
    """Begin and end, in hops, of each silence that has sounds on both sides."""
    levels = _levels_db(waveform)
    if not len(levels):
        return []
    quiet = levels < np.percentile(levels, 95) - QUIET_BELOW_DB
    changes = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    pairs = [(int(begin), int(end)) for begin, end in changes.reshape(-1, 2)]
    return [(begin, end) for begin, end in pairs if begin > 0 and end < len(levels)]


def _levels_db(waveform: Floats) -> NDArray[np.float64]:
    count = len(waveform) // _HOP
    hops = waveform[: count * _HOP].reshape(count, _HOP).astype(np.float64)
    return np.asarray(20 * np.log10(np.sqrt(np.square(hops).mean(axis=1)) + _FLOOR))
