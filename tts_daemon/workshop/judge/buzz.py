"""What a vocoder adds at the rate of its frames: lines in the spectrum, a pattern that repeats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_daemon.workshop.judge.measures import FRAME_SAMPLES, SAMPLE_RATE, Floats

LINE_SPACING_HZ = SAMPLE_RATE / FRAME_SAMPLES
_LOWEST_HZ, _HIGHEST_HZ = 2000.0, 7600.0
"""Below, the harmonics of a voice are in the way."""
_WINDOW = 8192
_LINE_HZ, _GUARD_HZ, _AROUND_HZ = 2.0, 6.0, 30.0
"""A line is this narrow; its neighbourhood begins and ends so far from it."""
_LEAST_ENERGY = 1e-8


def lines_db(waveform: Floats) -> float:
    """How far lines at the multiples of the frame rate stand above their neighbourhood [N]."""
    spectrum, bin_hz = _power(waveform), SAMPLE_RATE / _WINDOW
    bins_hz = np.arange(len(spectrum)) * bin_hz
    found = []
    for line_hz in np.arange(_LOWEST_HZ, _HIGHEST_HZ, LINE_SPACING_HZ):
        away = np.abs(bins_hz - line_hz)
        around = spectrum[(away >= _GUARD_HZ) & (away <= _AROUND_HZ)].mean()
        found.append(10 * np.log10(spectrum[away <= _LINE_HZ].mean() / around))
    return float(np.mean(found))


def lock(waveform: Floats) -> float:
    """Share of the power above 2 kHz that is one pattern repeating with the frames, 0 to 1 [N].

    The mean frames of two halves are multiplied, so that what does not repeat cancels.
    """
    frames = _high_passed(waveform)
    frames = frames[: len(frames) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    energy = np.square(frames).sum(axis=1)
    frames = frames[energy > _LEAST_ENERGY * FRAME_SAMPLES]
    if len(frames) < 2:
        return 0.0
    frames = frames / np.linalg.norm(frames, axis=1, keepdims=True)
    return float(frames[0::2].mean(axis=0) @ frames[1::2].mean(axis=0))


def _high_passed(waveform: Floats) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(waveform.astype(np.float64))
    spectrum[: int(_LOWEST_HZ / SAMPLE_RATE * len(waveform))] = 0
    return np.asarray(np.fft.irfft(spectrum, len(waveform)))


def _power(waveform: Floats) -> NDArray[np.float64]:
    """Mean power of windows that overlap by half, each as loud as the others."""
    padded = np.pad(waveform.astype(np.float64), (0, max(0, _WINDOW - len(waveform))))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[:: _WINDOW // 2]
    power = np.square(np.abs(np.fft.rfft(pieces * np.hanning(_WINDOW), axis=1)))
    return np.asarray((power / power.sum(axis=1, keepdims=True).clip(1e-12)).mean(axis=0) + 1e-15)
