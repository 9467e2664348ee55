"""A first-in, first-out store of samples with a fixed size, and a memory of what was just taken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class RingBuffer:
    """Samples on their way to the device. Not safe to use from several threads: the sink locks.

    Args:
        capacity: Number of samples that fit.
        history: Number of samples that can be taken back after they were read.
    """

    def __init__(self, capacity: int, history: int = 0) -> None:
        self._samples = np.zeros(capacity + history, dtype=np.int16)
        self._capacity = capacity
        self._history = history
        self._read = 0
        self._written = 0
        self._oldest = 0

    @property
    def fill(self) -> int:
        """Number of samples that wait."""
        return self._written - self._read

    @property
    def room(self) -> int:
        """Number of samples that can be written."""
        return max(0, self._capacity - self.fill)

    def write(self, samples: NDArray[np.int16]) -> int:
        """Take in as many as fit; how many did."""
        count = min(len(samples), self.room)
        self._samples[self._places(self._written, count)] = samples[:count]
        self._written += count
        return count

    def read(self, count: int) -> NDArray[np.int16]:
        """Take out up to `count` samples, int16 [N]."""
        count = min(count, self.fill)
        block: NDArray[np.int16] = self._samples[self._places(self._read, count)]
        self._read += count
        return block

    def take_back(self, count: int) -> int:
        """Let the last `count` samples that were read wait again; how many there still were."""
        count = min(count, self._read - self._oldest, self._history, len(self._samples) - self.fill)
        self._read -= count
        return count

    def clear(self) -> None:
        """Forget everything, the past as well."""
        self._read = self._oldest = self._written

    def _places(self, start: int, count: int) -> NDArray[np.intp]:
        return np.arange(start, start + count) % len(self._samples)
