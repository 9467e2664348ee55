"""Waveform to PCM."""

from __future__ import annotations

import numpy as np

from tts_daemon.sound.pcm import to_pcm


def test_samples_are_scaled_and_rounded_to_the_nearest() -> None:
    samples = np.array([0.0, 0.5, -0.5, 1.0, -1.0, 1.6 / 32767, -1.4 / 32767], np.float32)
    pcm = to_pcm(samples)
    assert pcm.dtype == np.int16
    assert pcm.tolist() == [0, 16384, -16384, 32767, -32767, 2, -1]


def test_what_is_too_loud_is_clipped_and_never_wraps() -> None:
    assert to_pcm(np.array([1.01, -1.01, 5.0, -5.0], np.float32)).tolist() == [32767, -32767] * 2


def test_no_samples() -> None:
    assert len(to_pcm(np.zeros(0, np.float32))) == 0
