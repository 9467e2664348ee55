"""Draws spectrograms under each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_daemon.extras import importing
from tts_daemon.workshop.judge.measures import SAMPLE_RATE

_WINDOW, _HOP = 512, 128
_RANGE_DB = 70.0


def draw(waveforms: Mapping[str, NDArray[np.float32]], target: Path) -> None:
    """Write a PNG: one spectrogram per title, all on one time axis.

    Raises:
        MissingExtraError: The extra `[judge]` is not installed.
    """
    with importing("judge", "judging a voice"):
        from matplotlib.figure import Figure
    longest_s = max(len(waveform) for waveform in waveforms.values()) / SAMPLE_RATE
    figure = Figure(figsize=(9, 1.7 * len(waveforms)), layout="constrained")
    axes = figure.subplots(len(waveforms), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (title, waveform) in zip(axes, waveforms.items(), strict=True):
        levels = spectrogram_db(waveform)
        axis.imshow(
            levels,
            origin="lower",
            aspect="auto",
            cmap="magma",
            vmin=levels.max() - _RANGE_DB,
            extent=(0, len(waveform) / SAMPLE_RATE, 0, SAMPLE_RATE / 2000),
        )
        axis.set(xlim=(0, longest_s), ylabel="kHz")
        axis.set_title(title, fontsize=9, loc="left")
    axes[-1].set_xlabel("s")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=110)


def spectrogram_db(waveform: NDArray[np.float32]) -> NDArray[np.float64]:
    """Power of each bin and frame, decibels [bins, T]."""
    padded = np.pad(waveform, (_WINDOW // 2, _WINDOW))
    starts = np.arange(0, len(waveform), _HOP)
    frames = padded[starts[:, None] + np.arange(_WINDOW)] * np.hanning(_WINDOW)
    spectrum = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    return np.asarray(10.0 * np.log10(spectrum.T + 1e-9))
