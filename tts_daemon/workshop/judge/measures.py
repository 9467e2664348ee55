"""What can be measured of a waveform: pitch, level, pauses, brightness.

Letters: N samples, T frames of 12.5 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SAMPLE_RATE = 16000
FRAME_SAMPLES = 200
WINDOW_SAMPLES = 800
LOWEST_HZ, HIGHEST_HZ = 80.0, 500.0
VOICED_CORRELATION = 0.6
"""A frame whose waveform repeats itself this well has a pitch."""
QUIET_BELOW_DB = 35.0
"""Frames this far below the loud ones are silence."""
PAUSE_FRAMES = 8
"""A pause is at least 0.1 s long."""
EDGE_FRAMES = 2
"""Frames at both ends of a pause that the sounds beside it may still fill."""


@dataclass(frozen=True, slots=True)
class Prosody:
    """How an utterance is spoken.

    Attributes:
        f0_mean_hz, f0_deviation_hz: Of the voiced frames.
        level_db: Mean power of the frames that are not silent, dBFS.
        seconds: Length.
    """

    f0_mean_hz: float
    f0_deviation_hz: float
    level_db: float
    seconds: float


def prosody(waveform: Floats) -> Prosody:
    """Measure an utterance [N]."""
    f0 = pitch(waveform)
    voiced = f0[f0 > 0]
    loud = levels_db(waveform)[~_quiet(waveform)]
    return Prosody(
        float(voiced.mean()) if len(voiced) else 0.0,
        float(voiced.std()) if len(voiced) else 0.0,
        float(10.0 * np.log10(np.mean(10.0 ** (loud / 10.0)))) if len(loud) else -120.0,
        len(waveform) / SAMPLE_RATE,
    )


def levels_db(waveform: Floats) -> Floats:
    """Level of each frame, dBFS [T]."""
    count = len(waveform) // FRAME_SAMPLES
    frames = waveform[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    return np.asarray(10.0 * np.log10(power + 1e-12), dtype=np.float32)


def pause_levels_db(waveform: Floats) -> Floats:
    """Level of each pause inside an utterance and at its end, dBFS."""
    levels, quiet = levels_db(waveform), _quiet(waveform)
    changes = np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)
    found = [
        np.mean(10.0 ** (levels[start + EDGE_FRAMES : end - EDGE_FRAMES] / 10.0))
        for start, end in zip(starts, ends, strict=True)
        if end - start >= PAUSE_FRAMES and start > 0
    ]
    return np.asarray(10.0 * np.log10(np.array(found) + 1e-12), dtype=np.float32)


def _quiet(waveform: Floats) -> NDArray[np.bool_]:
    levels = levels_db(waveform)
    if not len(levels):
        return np.zeros(0, np.bool_)
    return np.asarray(levels < np.percentile(levels, 95) - QUIET_BELOW_DB)


def pitch(waveform: Floats, lowest_hz: float = LOWEST_HZ, highest_hz: float = HIGHEST_HZ) -> Floats:
    """f0 of each frame in Hz, 0 where there is none [T]; by normalised autocorrelation."""
    longest = int(SAMPLE_RATE / lowest_hz)
    lags = np.arange(int(SAMPLE_RATE / highest_hz), longest + 1)
    padded = np.pad(waveform, (WINDOW_SAMPLES // 2, WINDOW_SAMPLES // 2 + longest))
    windows = sliding_window_view(padded.astype(np.float64), WINDOW_SAMPLES + longest)
    windows = windows[: len(waveform) : FRAME_SAMPLES]  # [T, window + longest]
    here = windows[:, :WINDOW_SAMPLES]
    energy = np.square(here).sum(axis=1)
    scores = np.empty((len(windows), len(lags)))
    for place, lag in enumerate(lags):
        later = windows[:, lag : lag + WINDOW_SAMPLES]
        size = np.sqrt(energy * np.square(later).sum(axis=1)) + 1e-9
        scores[:, place] = (here * later).sum(axis=1) / size
    best = scores.max(axis=1)
    # Twice the period repeats as well: the shortest lag that is a peak and nearly as good is it.
    around = np.pad(scores, ((0, 0), (1, 1)))
    is_peak = (scores >= around[:, :-2]) & (scores >= around[:, 2:])
    first = np.argmax(is_peak & (scores >= 0.9 * best[:, None]), axis=1)
    loud = energy > 1e-4 * energy.max(initial=1e-9)
    periods = lags[first] + _vertex(around, first)
    return np.where((best > VOICED_CORRELATION) & loud, SAMPLE_RATE / periods, 0.0).astype(
        np.float32
    )


def _vertex(around: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where between its neighbours a peak is highest, -0.5 to 0.5, by the parabola through them.

    Args:
        around: Scores with one more column on either side [T, n + 2].
        places: Of the peak, in columns of the scores [T].
    """
    rows = np.arange(len(around))
    left, top, right = (around[rows, places + shift] for shift in range(3))
    bend = left - 2 * top + right
    offset = np.where(bend < -1e-9, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0.0)
    return np.asarray(np.clip(offset, -0.5, 0.5))


def largest_step(waveform: Floats, places: NDArray[np.int64]) -> tuple[float, float]:
    """Largest jump between neighbouring samples at some places, and the usual largest elsewhere.

    A click at a border of chunks shows as a jump that the waveform makes nowhere else.

    Args:
        waveform: [N].
        places: Index of the first sample of each chunk but the first.
    """
    jumps = np.abs(np.diff(waveform))
    at_borders = jumps[places - 1] if len(places) else np.zeros(1, np.float32)
    return float(at_borders.max(initial=0.0)), float(jumps.max(initial=0.0))
