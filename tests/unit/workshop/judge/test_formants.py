"""The third formant of vowels that were made with it."""

import numpy as np
import pytest

from tts_daemon.workshop.judge.formants import third_formant_hz


def vowel(formants_hz: tuple[float, ...], seconds: float = 0.3) -> np.ndarray:
    """Pulses at 120 Hz through resonances of 80 Hz width."""
    made = np.zeros(int(seconds * 16000))
    made[::133] = 1.0
    for hz in formants_hz:
        radius = np.exp(-np.pi * 80 / 16000)
        a1, a2 = 2 * radius * np.cos(2 * np.pi * hz / 16000), -(radius**2)
        before, older = 0.0, 0.0
        for place, sample in enumerate(made):
            before, older = sample + a1 * before + a2 * older, before
            made[place] = before
    return (0.3 * made / np.abs(made).max()).astype(np.float32)


@pytest.mark.parametrize("third_hz", [3400.0, 2600.0, 1900.0])
def test_the_third_formant(third_hz: float) -> None:
    assert third_formant_hz(vowel((600, 1300, third_hz, 4200))) == pytest.approx(third_hz, rel=0.05)
