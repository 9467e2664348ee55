"""Waveform (float) to PCM (int16)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_daemon.runtime.engine import Floats

_KNEE = 0.8
_LOUDEST = 1e3
_FULL_SCALE = 32767


def to_pcm(samples: Floats, gain: float = 1.0) -> NDArray[np.int16]:
    """Scale to 16 bits; peaks above 0.8 of full scale are bent, not clipped.

    Args:
        samples: float32 [N], nominally -1 to 1; NaN becomes silence.
        gain: Factor applied first.
    """
    scaled = np.nan_to_num(samples * np.float32(gain), posinf=_LOUDEST, neginf=-_LOUDEST)
    peak = np.abs(scaled)
    if peak.max(initial=0) > _KNEE:
        room = 1 - _KNEE
        bent = np.copysign(_KNEE + room * np.tanh((peak - _KNEE) / room), scaled)
        scaled = np.where(peak > _KNEE, bent, scaled)
    pcm: NDArray[np.int16] = np.rint(scaled * _FULL_SCALE).astype(np.int16)
    return pcm
