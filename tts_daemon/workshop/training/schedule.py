"""Training that ends at a chosen minute: progress by the wall clock, and the rate that follows."""

from __future__ import annotations

import math
import signal
import time
import types
from collections.abc import Callable


class TimeBudget:
    """Progress from 0 to 1 over a budget of minutes; an interrupted run goes on where it stood.

    The budget is what remains: a run resumed at progress p with m minutes to go is over after m.
    """

    def __init__(
        self, minutes: float, done: float = 0.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._start = now()
        self._done = min(1.0, done)
        self._seconds = max(1e-6, minutes * 60.0)

    @property
    def progress(self) -> float:
        """0 at the first start, 1 at the end."""
        share = (self._now() - self._start) / self._seconds
        return min(1.0, self._done + (1.0 - self._done) * share)

    @property
    def over(self) -> bool:
        """Whether the budget is spent."""
        return self.progress >= 1.0


def cosine_rate(
    peak: float, progress: float, *, warm_up: float = 0.02, floor: float = 0.01
) -> float:
    """Learning rate: a straight line up to `peak`, then half a cosine down to `floor` x peak.

    Args:
        progress: 0 to 1.
        warm_up: Share of the run that the line up takes.
    """
    if progress < warm_up:
        return peak * max(0.05, progress / warm_up)
    share = (progress - warm_up) / (1.0 - warm_up)
    return peak * (floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * share)))


class Every:
    """True once per interval of seconds."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._now = seconds, now
        self._next = now() + seconds

    def due(self) -> bool:
        """Whether an interval has passed since this last said so."""
        if self._now() < self._next:
            return False
        self._next = self._now() + self._seconds
        return True


class Interruption:
    """Becomes true at the first SIGTERM or SIGINT, so that a training can save before it ends."""

    def __init__(self) -> None:
        self.wanted = False

    def listen(self) -> None:
        """Take the signals; a second one ends the process at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: types.FrameType | None) -> None:
        self.wanted = True
        signal.signal(number, signal.SIG_DFL)

    def __call__(self) -> bool:
        """Whether somebody asked to stop."""
        return self.wanted
