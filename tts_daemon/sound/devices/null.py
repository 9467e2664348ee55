"""A device that plays into the void in real time, for machines without a sound card."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_daemon.clock import Clock, SystemClock

_BUFFER_S = 0.2
"""Delay that the buffer of a sound card would bridge."""


class NullDevice:
    """Takes samples as fast as a sound card would play them.

    Args:
        sample_rate: Samples per second that it asks for.
        paced: False takes everything at once.
        clock: Whose time it keeps.
    """

    def __init__(
        self, sample_rate: int = 16000, *, paced: bool = True, clock: Clock | None = None
    ) -> None:
        self._sample_rate = sample_rate
        self._paced = paced
        self._clock = clock or SystemClock()
        self._played_until_s: float | None = None

    def open(self) -> int:
        return self._sample_rate

    def play(self, block: NDArray[np.int16]) -> bool:
        """Return when the block would have been heard."""
        if not self._paced:
            return False
        now_s = self._clock.monotonic_s()
        before_s = self._played_until_s
        dry = before_s is not None and now_s - before_s > _BUFFER_S
        start_s = now_s if before_s is None or dry else before_s
        self._played_until_s = start_s + len(block) / self._sample_rate
        self._clock.sleep_s(max(0.0, self._played_until_s - now_s))
        return dry

    def rest_s(self) -> float:
        return 0.0

    def finish(self) -> None:
        self._played_until_s = None

    def abort(self) -> int:
        self._played_until_s = None
        return 0

    def close(self) -> None:
        self._played_until_s = None
