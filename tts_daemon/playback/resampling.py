"""From the voice's sample rate to the device's, chunk by chunk."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray


class Resampler:
    """One stream of samples at another rate; what comes out chunk by chunk equals the whole.

    Args:
        rate_in, rate_out: Samples per second.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self.rate_in = rate_in
        self._stream = None
        if rate_in != rate_out:
            self._stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16", quality="HQ")

    def process(self, pcm: NDArray[np.int16]) -> NDArray[np.int16]:
        """Convert int16 [N]; the last few milliseconds stay inside until more comes."""
        if self._stream is None:
            return pcm
        return np.asarray(self._stream.resample_chunk(pcm), dtype=np.int16)

    def finish(self) -> NDArray[np.int16]:
        """What is still inside, int16 [N]; the stream is over."""
        if self._stream is None:
            return np.zeros(0, dtype=np.int16)
        return np.asarray(
            self._stream.resample_chunk(np.zeros(0, dtype=np.int16), last=True), dtype=np.int16
        )
