"""Melodies of hums that rise and fall by so many semitones."""

import numpy as np
import pytest

from tts_daemon.workshop.judge.melody import (
    citation_curve,
    end_semitones,
    nearest_tone,
    semitones,
    spread_semitones,
    tone_curve,
)

MIDDLE = 14.0
"""Semitones above 100 Hz."""


def sung(line: np.ndarray, seconds: float = 0.4) -> np.ndarray:
    """Five harmonics along a melody in semitones above 100 Hz."""
    count = int(seconds * 16000)
    f0 = 100 * 2 ** (np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(line)), line) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / 16000
    parts = [np.sin(k * phase) / k for k in range(1, 6)]
    return (0.15 * sum(parts)).astype(np.float32)


@pytest.mark.parametrize("tone", [1, 2, 3, 4])
def test_a_tone_as_it_is_taught_is_known(tone: int) -> None:
    curve = tone_curve(sung(citation_curve(tone) + MIDDLE), MIDDLE)
    assert nearest_tone(curve) == tone
    np.testing.assert_allclose(curve[1:-1], citation_curve(tone)[1:-1], atol=1.2)


def test_the_end_of_a_rise() -> None:
    assert end_semitones(sung(np.array([10.0, 17]), seconds=0.8)) == pytest.approx(17, abs=0.5)
    assert end_semitones(sung(np.array([10.0, 10]))) == pytest.approx(10, abs=0.1)
    assert np.isnan(end_semitones(np.zeros(4000, np.float32)))


def test_octave_errors_do_not_widen_a_melody() -> None:
    line = semitones(sung(np.array([10.0, 14])))
    assert spread_semitones(line) == pytest.approx(1.36, abs=0.2)
    line[:3] -= 12
    assert spread_semitones(line) == pytest.approx(1.36, abs=0.4)
