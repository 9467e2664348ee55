"""A clock that stands still until somebody waits on it or moves it."""

from __future__ import annotations


class FakeClock:
    """See `tts_daemon.clock.Clock`."""

    def __init__(self, now_s: float = 1000.0, wall_offset_s: float = 1.7e9) -> None:
        self.now_s = now_s
        self.wall_offset_s = wall_offset_s

    def monotonic_s(self) -> float:
        return self.now_s

    def wall_s(self) -> float:
        return self.now_s + self.wall_offset_s

    def sleep_s(self, seconds: float) -> None:
        self.now_s += seconds
