"""What this machine is: figures and tuned profiles are worth nothing on another one."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """The processor, as far as the speed of a voice depends on it.

    Attributes:
        architecture: As the kernel names it: `x86_64`, `aarch64`.
        processor: Model of the processor or of the board; empty when not known.
        cores: Of them, those that this process may use.
    """

    architecture: str
    processor: str
    cores: int

    @classmethod
    def here(cls) -> Machine:
        """This one."""
        return cls(platform.machine(), _processor(), available_cores())

    def __str__(self) -> str:
        """For people."""
        return f"{self.processor or self.architecture}, {self.cores} cores"


def available_cores() -> int:
    """Cores that this process may use; a container may have fewer than the machine."""
    return len(os.sched_getaffinity(0))


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    known = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    values = {key.strip(): value.strip() for key, value in known.items()}
    # A Pi names its board there, and no model of its processor.
    return values.get("model name") or values.get("Model") or platform.processor()
