"""Lines and patterns at the rate of the frames, in noise of which they are known."""

import numpy as np
import pytest

from tts_daemon.workshop.judge.buzz import lines_db, lock

RATE = 16000


def noise(seconds: float = 4.0, level: float = 0.1) -> np.ndarray:
    random = np.random.default_rng(1)
    return random.normal(0, level, int(seconds * RATE)).astype(np.float32)


def pattern(seconds: float = 4.0, level: float = 0.1) -> np.ndarray:
    """The same 200 samples of noise again and again."""
    frame = np.random.default_rng(2).normal(0, level, 200)
    return np.tile(frame, int(seconds * RATE) // 200).astype(np.float32)


def test_noise_has_no_lines_and_no_pattern() -> None:
    assert abs(lines_db(noise())) < 0.7
    assert abs(lock(noise())) < 0.02


@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
def test_the_share_of_a_pattern_is_found(share: float) -> None:
    mixed = np.sqrt(1 - share) * noise() + np.sqrt(share) * pattern()
    assert lock(mixed.astype(np.float32)) == pytest.approx(share, abs=0.04)
    assert lines_db(mixed.astype(np.float32)) > lines_db(noise()) + 3


def test_a_pattern_below_two_kilohertz_is_a_voice() -> None:
    hum = np.sin(2 * np.pi * 160 * np.arange(4 * RATE) / RATE).astype(np.float32)
    assert abs(lock(hum + noise(level=0.01))) < 0.05


def test_silence_is_no_pattern() -> None:
    assert lock(np.zeros(RATE, np.float32)) == 0
