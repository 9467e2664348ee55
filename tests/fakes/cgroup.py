"""A control group of the kernel: a share of a processor, and so much memory. Needs root."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PERIOD_US = 100_000
_LEAVE_S = 5.0


class Cgroup:
    """Limits for the processes that are started with `wrapper`.

    Attributes:
        wrapper: Begins a command line that is to run under the limits.
    """

    def __init__(self, cores: float | None = None, memory_mb: int | None = None) -> None:
        name = f"tts-daemon-test-{os.getpid()}-{time.monotonic_ns()}"
        self._is_2 = (_ROOT / "cgroup.controllers").exists()
        kinds = [""] if self._is_2 else ["cpu", "memory"]
        self._places = [_ROOT / kind / name for kind in kinds]
        for place in self._places:
            place.mkdir()
        if cores:
            self._limit_cores(round(_PERIOD_US * cores))
        if memory_mb:
            self._write("memory", "memory.max", "memory.limit_in_bytes", memory_mb * 10**6)
        moves = "; ".join(f"echo $$ > {place}/cgroup.procs" for place in self._places)
        self.wrapper = ("sh", "-c", f'{moves}; exec "$@"', "sh")

    @staticmethod
    def is_there() -> bool:
        """Whether this machine lets us make one."""
        try:
            Cgroup().remove()
        except OSError:
            return False
        return True

    @property
    def kills(self) -> int:
        """Processes that were killed because memory ran out."""
        place = self._places[-1]
        file = place / ("memory.events" if self._is_2 else "memory.oom_control")
        words = file.read_text(encoding="ascii").split()
        return int(words[words.index("oom_kill") + 1])

    def remove(self) -> None:
        """Once its processes have ended."""
        for place in self._places:
            end_s = time.monotonic() + _LEAVE_S
            while place.exists() and time.monotonic() < end_s:
                with contextlib.suppress(OSError):
                    place.rmdir()

    def _limit_cores(self, quota_us: int) -> None:
        if self._is_2:
            (self._places[0] / "cpu.max").write_text(f"{quota_us} {_PERIOD_US}")
        else:
            (self._places[0] / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (self._places[0] / "cpu.cfs_quota_us").write_text(str(quota_us))

    def _write(self, kind: str, new: str, old: str, value: int) -> None:
        place = next(p for p in self._places if self._is_2 or p.parent.name == kind)
        (place / (new if self._is_2 else old)).write_text(str(value))


@contextlib.contextmanager
def limited(cores: float | None = None, memory_mb: int | None = None) -> Iterator[Cgroup]:
    """A group that goes with the block; what runs in it must have ended by then."""
    group = Cgroup(cores, memory_mb)
    try:
        yield group
    finally:
        group.remove()
