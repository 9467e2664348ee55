"""Manners that differ in known ways."""

from dataclasses import replace

import numpy as np
import pytest

from tts_daemon.workshop.judge.manners import MannerFigures, differences, largest_step, manner

PLAIN = MannerFigures(f0_hz=200, range_semitones=3, pace=4, level=0.1, tilt=0.5)


def hum(f0_hz: float, level: float, overtones: int = 5) -> np.ndarray:
    time = np.arange(16000) / 16000
    parts = [np.sin(2 * np.pi * f0_hz * k * time) / k for k in range(1, overtones + 1)]
    return (level * sum(parts)).astype(np.float32)


def test_a_manner_is_measured() -> None:
    low, loud = manner([hum(200, 0.1)], 4), manner([hum(250, 0.2, overtones=12)] * 2, 6)
    assert low.f0_hz == pytest.approx(200, rel=0.01)
    assert loud.f0_hz == pytest.approx(250, rel=0.01)
    assert (low.pace, loud.pace) == (4, 3)
    assert loud.level / low.level == pytest.approx(2, rel=0.1)
    assert loud.tilt > low.tilt
    assert low.range_semitones < 0.3


def test_ways_in_which_two_differ() -> None:
    manners = {
        "plain": PLAIN,
        "same": replace(PLAIN, f0_hz=220, pace=3.6),
        "other": replace(PLAIN, f0_hz=231, level=0.08),
    }
    assert differences(manners) == {"plain same": 0, "plain other": 2, "same other": 1}


@pytest.mark.parametrize(
    ("values", "share"), [([1, 2, 3, 4, 5], 0.25), ([1, 1, 3, 3, 3], 1.0), ([9, 6, 5], 0.75)]
)
def test_the_largest_step_tells_a_switch_from_a_dial(values: list[float], share: float) -> None:
    assert largest_step(values) == pytest.approx(share)
