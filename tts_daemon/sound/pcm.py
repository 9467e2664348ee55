"""Waveform (float) to PCM (int16): the same for every door and for the loudspeaker."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FULL_SCALE = 32767


def to_pcm(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """float [N], -1 to 1 -> int16 [N].

    `Levels` keeps peaks below full scale, and refuses what is no number: what is clipped here is
    the little that a resampler adds.
    """
    return np.rint(np.clip(samples, -1.0, 1.0) * _FULL_SCALE).astype(np.int16)
