"""Waveform to PCM."""

from __future__ import annotations

import numpy as np

from tts_daemon.sound.pcm import to_pcm


def test_what_is_not_loud_is_only_scaled() -> None:
    samples = np.linspace(-0.8, 0.8, 101, dtype=np.float32)
    np.testing.assert_array_equal(to_pcm(samples), np.rint(samples * 32767).astype(np.int16))


def test_peaks_are_bent_in_order_and_never_wrap() -> None:
    samples = np.linspace(0.7, 1.3, 200, dtype=np.float32)
    pcm = to_pcm(samples)
    assert pcm.dtype == np.int16
    assert np.all(np.diff(pcm.astype(int)) >= 0)
    assert pcm[-1] > 32000
    np.testing.assert_array_equal(to_pcm(-samples), -pcm)


def test_gain_is_applied_before_the_limit() -> None:
    assert to_pcm(np.array([0.5], np.float32), gain=0.5)[0] == round(0.25 * 32767)
    assert 30000 < to_pcm(np.array([1.0], np.float32), gain=10.0)[0] <= 32767


def test_broken_values_do_no_harm() -> None:
    pcm = to_pcm(np.array([np.nan, np.inf, -np.inf, 0.0], np.float32))
    assert list(pcm) == [0, 32767, -32767, 0]


def test_no_samples() -> None:
    assert len(to_pcm(np.zeros(0, np.float32))) == 0
