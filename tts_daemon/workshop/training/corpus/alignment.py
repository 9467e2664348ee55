"""Puts the teacher's labels where they sound, and finds out where a voice sounds at all.

The teacher's aligner learnt to be late: a phone is heard about 50 ms before its label begins (found
by comparing periodicity with the voiceless initials of 80 sentences: 41 % of their frames lack
a period as labelled, 89 % four frames earlier). Its f0 is drawn through voiceless consonants.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_daemon.workshop.training.corpus.features import HOP_LENGTH, SAMPLE_RATE, VOICED_ABOVE_HZ
from tts_daemon.workshop.training.corpus.labels import LEAD_IN_FRAMES

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

LAG_FRAMES = 4
"""By so much the teacher's labels are late."""
NO_PITCH_HZ = 0.0
PERIODIC_FROM = 0.55
"""A voice correlates at least so much with itself one period later."""
AUDIBLE_FROM = 0.002
"""Root mean square below which nothing counts as voiced."""
SILENT_BELOW = 0.018
"""Share of the loud frames' root mean square (-35 dB)."""
SHORTEST_FRAMES = 3
"""Of a phone beside a pause."""

_WINDOW = 400
_STRETCHES = np.arange(0.88, 1.13, 0.03)
"""The period is looked for around the teacher's own."""


def aligned(record: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Move the phones of a recording to where they are heard.

    Returns:
        The record with other `durations` and `f0`, and how many silent frames have to be put before
        the recording, so that its first phone has a lead-in.
    """
    durations = np.array(record["durations"])
    silence = max(0, LAG_FRAMES + LEAD_IN_FRAMES - int(durations[0]))
    f0 = np.concatenate([np.zeros(silence), between_frames(np.asarray(record["f0"], np.float32))])
    durations[0] += silence
    ends = np.cumsum(durations)
    begins = ends[:-1] - LAG_FRAMES  # of every phone but the first
    moved = np.diff(np.concatenate([[0], begins, ends[-1:]]))
    return record | {"durations": moved.tolist(), "f0": f0.tolist()}, silence


def with_heard_pauses(record: dict[str, Any], waveform: Floats) -> dict[str, Any]:
    """Let pauses begin and end where it is silent; silence was labelled as part of the finals.

    Args:
        record: Of the recording, aligned.
        waveform: [T x hop], -1 to 1.
    """
    frames = waveform[: len(waveform) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH)
    level = np.sqrt(np.square(frames, dtype=np.float64).mean(axis=1))
    quiet = level < SILENT_BELOW * np.percentile(level, 95)
    names = record["phones"]
    starts = np.concatenate([[0], np.cumsum(record["durations"])])
    for place, name in enumerate(names):
        if name not in ("#3", "#4"):
            continue
        begin, end = int(starts[place]), int(starts[place + 1])
        begin = _edge(quiet, begin, int(starts[place - 1]) + SHORTEST_FRAMES, end)
        if place + 1 < len(names):
            # From the other side, in mirrored time.
            last = len(quiet)
            limit = last - int(starts[place + 2]) + SHORTEST_FRAMES
            end = last - _edge(quiet[::-1], last - end, limit, last - begin)
        starts[place], starts[place + 1] = begin, end
    return record | {"durations": np.diff(starts).tolist()}


def _edge(quiet: Mask, begin: int, earliest: int, end: int) -> int:
    """Where the silence begins that holds, or comes next to, a frame."""
    while begin > earliest and quiet[begin - 1]:
        begin -= 1
    while begin < end and not quiet[begin]:
        begin += 1
    return begin


def between_frames(f0_hz: Floats) -> Floats:
    """F0 at the middle of every frame [T]; the teacher's holds at the frames' beginnings."""
    following = np.append(f0_hz[1:], f0_hz[-1:])
    both = np.minimum(f0_hz, following) >= VOICED_ABOVE_HZ
    middle: Floats = np.where(both, (f0_hz + following) / 2, f0_hz).astype(np.float32)
    return middle


def voiced_f0(waveform: Floats, f0_hz: Floats) -> Floats:
    """Take the pitch away where the recording has none.

    Args:
        waveform: [T x hop], -1 to 1.
        f0_hz: [T].

    Returns:
        Hz [T], 0 in frames without a voice.
    """
    voiced = (f0_hz >= VOICED_ABOVE_HZ) & (periodicity(waveform, f0_hz) >= PERIODIC_FROM)
    # One frame alone is an accident.
    around = np.pad(voiced.astype(int), 1, mode="edge")
    voiced = around[:-2] + around[1:-1] + around[2:] >= 2
    result: Floats = np.where(voiced & (f0_hz >= VOICED_ABOVE_HZ), f0_hz, NO_PITCH_HZ)
    return result.astype(np.float32)


def periodicity(waveform: Floats, f0_hz: Floats) -> Floats:
    """Highest correlation of 25 ms with what comes about one period later, -1 to 1 [T]."""
    margin = 2 * SAMPLE_RATE // int(VOICED_ABOVE_HZ) + _WINDOW
    padded = np.pad(waveform.astype(np.float64), margin)
    centres = margin + np.arange(len(f0_hz)) * HOP_LENGTH + HOP_LENGTH // 2
    periods = SAMPLE_RATE / np.maximum(f0_hz, VOICED_ABOVE_HZ)
    best = np.full(len(f0_hz), -1.0)
    for stretch in _STRETCHES:
        lags = np.rint(periods * stretch).astype(int)
        places = (centres - (_WINDOW + lags) // 2)[:, None] + np.arange(_WINDOW)
        here, later = padded[places], padded[places + lags[:, None]]
        power = np.sqrt((here**2).sum(1) * (later**2).sum(1))
        audible = power >= _WINDOW * AUDIBLE_FROM**2
        correlation = (here * later).sum(1) / np.where(audible, power, 1.0)
        best = np.maximum(best, np.where(audible, correlation, -1.0))
    return best.astype(np.float32)
