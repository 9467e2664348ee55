"""What is measured of a waveform, against waveforms of which it is known."""

import numpy as np
import pytest

from tts_daemon.workshop.judge.measures import largest_step, pause_levels_db, pitch, prosody


def hum(f0_hz: float, seconds: float, level: float = 0.3) -> np.ndarray:
    """A voice-like tone with five harmonics."""
    time = np.arange(int(seconds * 16000)) / 16000
    parts = [np.sin(2 * np.pi * f0_hz * k * time) / k for k in range(1, 6)]
    return (level * sum(parts) / 2).astype(np.float32)


def noise(seconds: float, level: float) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.normal(0, level, int(seconds * 16000)).astype(np.float32)


@pytest.mark.parametrize("f0_hz", [110.0, 180.0, 225.0, 310.0])
def test_the_pitch_of_a_hum(f0_hz: float) -> None:
    found = pitch(hum(f0_hz, 0.5))[4:-4]
    assert np.all(np.abs(found / f0_hz - 1) < 0.02)


def test_noise_has_no_pitch() -> None:
    assert np.mean(pitch(noise(0.5, 0.1)) > 0) < 0.05


def test_a_pause_is_measured_without_its_edges() -> None:
    silence = noise(0.3, 1e-3)
    levels = pause_levels_db(np.concatenate([hum(200, 0.5), silence, hum(200, 0.5), silence]))
    assert levels == pytest.approx([-60.0, -60.0], abs=1.0)


def test_speech_without_pauses_has_none() -> None:
    assert len(pause_levels_db(hum(200, 1.0))) == 0


def test_prosody_of_a_rising_tone() -> None:
    low, high = hum(200, 0.5), hum(300, 0.5)
    found = prosody(np.concatenate([low, high]))
    assert found.f0_mean_hz == pytest.approx(250, rel=0.03)
    # The frames across the step belong to neither tone.
    assert found.f0_deviation_hz == pytest.approx(50, rel=0.2)
    assert found.seconds == pytest.approx(1.0)


def test_a_click_at_a_border_stands_out() -> None:
    waveform = hum(200, 0.5)
    border = np.array([4000])
    before = largest_step(waveform, border)[0]
    waveform[4000:] += 0.5
    assert largest_step(waveform, border)[0] > before + 0.4
