"""Compares a voice with the one that it was made from, clause by clause, with equal timing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from tts_daemon.acoustic.inputs import AcousticInput
from tts_daemon.domain import Clause, MelChunk
from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.distance import mel_distance_db, snr_db
from tts_daemon.synthesis.voice import Voice
from tts_daemon.text.symbols import encode

_AT_ONCE = 1 << 20
"""More frames than a clause has."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a voice made of one clause.

    Attributes:
        durations: Frames of each symbol [L].
        frames: Of the acoustic model [T, C].
        waveform: Of the vocoder [N].
    """

    durations: Floats
    frames: Floats
    waveform: Floats


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a voice is from another.

    Attributes:
        snr_db: Of its vocoder alone, on the other's frames.
        mel_distance_db: Of the whole chain, with the other's durations.
    """

    snr_db: float
    mel_distance_db: float


def render(voice: Voice, clauses: Iterable[Clause]) -> list[Rendering]:
    """Speak the clauses for later comparison."""
    renderings = []
    for inputs in _inputs(voice, clauses):
        frames = _frames(voice, inputs)
        durations = voice.acoustic.durations(inputs)
        renderings.append(Rendering(durations, frames, _waveform(voice, frames)))
    return renderings


def compare(voice: Voice, clauses: Iterable[Clause], references: Sequence[Rendering]) -> Distance:
    """Measure the distance from what another voice made of the same clauses."""
    copies, chains = [], []
    for inputs, reference in zip(_inputs(voice, clauses), references, strict=True):
        copies.append(_waveform(voice, reference.frames))
        frames = _frames(voice, replace(inputs, durations=reference.durations))
        chains.append(_waveform(voice, frames))
    wanted = np.concatenate([reference.waveform for reference in references])
    rate = voice.manifest.sample_rate
    return Distance(
        snr_db=snr_db(wanted, np.concatenate(copies)),
        mel_distance_db=mel_distance_db(wanted, np.concatenate(chains), rate),
    )


def save(renderings: Sequence[Rendering], path: Path) -> None:
    """Write renderings to an .npz file."""
    arrays: dict[str, Any] = {}
    for index, rendering in enumerate(renderings):
        arrays[f"durations_{index}"] = rendering.durations
        arrays[f"frames_{index}"] = rendering.frames
        arrays[f"waveform_{index}"] = rendering.waveform
    np.savez(path, **arrays)


def load(path: Path) -> list[Rendering]:
    """Read what `save` wrote."""
    with np.load(path) as arrays:
        return [
            Rendering(
                arrays[f"durations_{index}"], arrays[f"frames_{index}"], arrays[f"waveform_{index}"]
            )
            for index in range(len(arrays.files) // 3)
        ]


def _inputs(voice: Voice, clauses: Iterable[Clause]) -> list[AcousticInput]:
    return [
        voice.acoustic.inputs.build(
            np.array(encode(clause.symbols, voice.manifest.symbols), np.int64), clause.style
        )
        for clause in clauses
        if clause.symbols
    ]


def _frames(voice: Voice, inputs: AcousticInput) -> Floats:
    chunks = voice.acoustic.stream(inputs, repeat(_AT_ONCE))
    return np.concatenate([chunk.frames for chunk in chunks])


def _waveform(voice: Voice, frames: Floats) -> Floats:
    return np.concatenate(list(voice.vocoder.stream(iter([MelChunk(frames, last=True)]))))
