"""From the voice's sample rate to the device's, chunk by chunk."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
import soxr
from numpy.typing import NDArray

Sample = TypeVar("Sample", np.int16, np.float32)


class Resampler(Generic[Sample]):
    """One stream of samples at another rate; what comes out chunk by chunk equals the whole.

    Args:
        rate_in, rate_out: Samples per second.
        kind: Type of a sample.
    """

    def __init__(self, rate_in: int, rate_out: int, kind: type[Sample]) -> None:
        self.rate_in = rate_in
        self._kind: type[Sample] = kind
        self._stream = None
        if rate_in != rate_out:
            self._stream = soxr.ResampleStream(
                rate_in, rate_out, 1, dtype=kind.__name__, quality="HQ"
            )

    def process(self, samples: NDArray[Sample]) -> NDArray[Sample]:
        """Convert samples [N]; the last few milliseconds stay inside until more comes."""
        if self._stream is None:
            return samples
        return np.asarray(self._stream.resample_chunk(samples), dtype=self._kind)

    def finish(self) -> NDArray[Sample]:
        """What is still inside, samples [N]; the stream is over."""
        nothing = np.zeros(0, dtype=self._kind)
        if self._stream is None:
            return nothing
        return np.asarray(self._stream.resample_chunk(nothing, last=True), dtype=self._kind)
