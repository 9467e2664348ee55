"""Time as the player sees it; tests put their own clock in its place."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks and a way to wait."""

    def monotonic_s(self) -> float:
        """Seconds that never jump; the same for every process since the machine was started."""
        ...

    def wall_s(self) -> float:
        """Unix seconds; may jump when the machine learns the time."""
        ...

    def sleep_s(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic_s(self) -> float:
        return time.monotonic()

    def wall_s(self) -> float:
        return time.time()

    def sleep_s(self, seconds: float) -> None:
        time.sleep(seconds)
