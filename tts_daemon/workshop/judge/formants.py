"""Formants by linear prediction, for the r of erhua: it lowers the third one.

Source: Markel and Gray 1976, "Linear Prediction of Speech".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_daemon.workshop.judge.measures import SAMPLE_RATE, Floats

_ORDER = 18
_WINDOW, _HOP = 400, 160
_PREEMPHASIS = 0.97
_WIDEST_HZ = 500.0
_LOWEST_HZ = 150.0
_AUDIBLE_DB = 15.0


def third_formant_hz(waveform: Floats) -> float:
    """Median third formant of the loud frames in the last third of the speech; NaN without any."""
    emphasised = np.append(waveform[:1], waveform[1:] - _PREEMPHASIS * waveform[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(emphasised.astype(np.float64), _WINDOW)[
        ::_HOP
    ]
    levels = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-12)
    loud = np.flatnonzero(levels > levels.max() - _AUDIBLE_DB)
    last = loud[-(len(loud) // 3 or 1) :]
    found = [hz[2] for hz in (formants_hz(frames[place]) for place in last) if len(hz) > 2]
    return float(np.median(found)) if found else float("nan")


def formants_hz(frame: NDArray[np.float64]) -> NDArray[np.float64]:
    """Resonances of one frame that are no wider than a formant, lowest first."""
    windowed = frame * np.hamming(len(frame))
    correlation = np.correlate(windowed, windowed, "full")[len(frame) - 1 :][: _ORDER + 1]
    places = np.abs(np.subtract.outer(np.arange(_ORDER), np.arange(_ORDER)))
    matrix = correlation[places] + np.eye(_ORDER) * (1e-9 * correlation[0] + 1e-12)
    roots = np.roots(np.append(1.0, -np.linalg.solve(matrix, correlation[1:])))
    roots = roots[np.imag(roots) > 0]
    hz = np.angle(roots) * SAMPLE_RATE / (2 * np.pi)
    width_hz = -np.log(np.abs(roots)) * SAMPLE_RATE / np.pi
    return np.sort(hz[(width_hz < _WIDEST_HZ) & (hz > _LOWEST_HZ)])
