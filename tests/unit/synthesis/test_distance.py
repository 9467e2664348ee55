"""Distances between waveforms."""

from __future__ import annotations

import numpy as np
import pytest

from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.distance import mel_distance_db, snr_db

RATE = 16000


def _tone(hz: float, amplitude: float = 0.5) -> Floats:
    time_s = np.arange(RATE) / RATE
    return (amplitude * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def test_a_hundredth_of_the_amplitude_as_noise_is_40_db() -> None:
    tone = _tone(440)
    assert snr_db(tone, tone * np.float32(1.01)) == pytest.approx(40, abs=0.01)
    assert snr_db(tone, tone) == float("inf")


def test_half_the_amplitude_is_6_db_away_and_silence_far() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32) / 10
    assert mel_distance_db(noise, noise, RATE) == 0
    assert mel_distance_db(noise, noise / 2, RATE) == pytest.approx(6.02, abs=0.01)
    assert mel_distance_db(noise, noise * 0, RATE) > 40


def test_a_change_of_phase_is_no_distance_but_one_of_pitch_is() -> None:
    tone = _tone(440)
    assert mel_distance_db(tone, -tone, RATE) == pytest.approx(0, abs=1e-6)
    assert mel_distance_db(tone, _tone(880), RATE) > 5


def test_less_than_one_window_can_be_compared() -> None:
    assert mel_distance_db(np.ones(10, np.float32), np.ones(10, np.float32), RATE) == 0
