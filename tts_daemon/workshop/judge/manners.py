"""How far manners of speaking are from each other, and how evenly one becomes the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations

import numpy as np

from tts_daemon.workshop.judge.measures import SAMPLE_RATE, Floats, levels_db, pitch
from tts_daemon.workshop.judge.melody import spread_semitones

HEARD_SHARE = 0.15
"""A difference of so much is heard."""
_TILT_HZ = 1000.0


@dataclass(frozen=True, slots=True)
class MannerFigures:
    """What tells manners of speaking apart; all are linear, so that ratios mean something.

    Attributes:
        f0_hz: Mean over the voiced frames.
        range_semitones: Half the width of the middle 68 % of the melody.
        pace: Syllables a second, pauses included.
        level: Mean amplitude of the speech, 1 = full scale.
        tilt: Amplitude above 1 kHz, as a share of that below.
    """

    f0_hz: float
    range_semitones: float
    pace: float
    level: float
    tilt: float


def manner(waveforms: Sequence[Floats], syllables: int) -> MannerFigures:
    """Measure some utterances of so many syllables in one manner."""
    f0 = np.concatenate([pitch(waveform) for waveform in waveforms])
    f0 = f0[f0 > 0]
    levels = np.concatenate([levels_db(waveform) for waveform in waveforms])
    loud = levels[levels > np.percentile(levels, 95) - 35]
    seconds = sum(len(waveform) for waveform in waveforms) / SAMPLE_RATE
    return MannerFigures(
        f0_hz=float(f0.mean()),
        range_semitones=spread_semitones(np.asarray(12 * np.log2(f0 / 100), np.float32)),
        pace=syllables / seconds,
        level=float(np.sqrt(np.mean(10 ** (loud / 10)))),
        tilt=_tilt(np.concatenate(waveforms)),
    )


def differences(manners: Mapping[str, MannerFigures]) -> dict[str, int]:
    """For any two manners, in how many ways they differ by 15 % or more."""
    return {
        f"{a} {b}": sum(
            _ratio(getattr(manners[a], item.name), getattr(manners[b], item.name))
            >= 1 + HEARD_SHARE
            for item in fields(MannerFigures)
        )
        for a, b in combinations(manners, 2)
    }


def largest_step(values: Sequence[float]) -> float:
    """The largest step's share of the way from the first to the last value.

    Of n even steps it is 1 / n, of a switch 1.
    """
    steps = np.abs(np.diff(values))
    return float(steps.max() / max(float(steps.sum()), 1e-9))


def _ratio(a: float, b: float) -> float:
    return max(a, b) / max(min(a, b), 1e-9)


def _tilt(waveform: Floats) -> float:
    power = np.square(np.abs(np.fft.rfft(waveform.astype(np.float64))))
    border = int(_TILT_HZ / SAMPLE_RATE * len(waveform))
    return float(np.sqrt(power[border:].sum() / max(power[:border].sum(), 1e-12)))
