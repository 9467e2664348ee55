"""The kernels as programs for an emulated Cortex-A72, without a system around them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from arm.emulated import CACHE, CHECKOUT, extract
from numpy.typing import NDArray

COMPILER = "aarch64-linux-gnu-gcc"
_BENCH = CHECKOUT / "tests" / "bench"
_NATIVE = CHECKOUT / "tts_daemon" / "native"


def emulator() -> list[str | Path]:
    """Debian 12's qemu, which takes plugins; Debian 13's is linked statically and does not."""
    qemu = extract("bookworm", CACHE / "qemu-plugins", "qemu-user")
    own = qemu / "lib/x86_64-linux-gnu"
    libraries = f"{own}:{qemu / 'usr/lib/x86_64-linux-gnu'}"
    loader = [own / "ld-linux-x86-64.so.2", "--library-path", libraries]
    return [*loader, qemu / "usr/bin/qemu-aarch64"]


@dataclass(frozen=True, slots=True)
class Played:
    """What the guest made.

    Attributes:
        waveform: [N]; a decoder's outputs, one call behind the other.
        report: What the plugin said of its blocks.
    """

    waveform: NDArray[np.float32]
    report: str

    @property
    def instructions(self) -> int:
        """Executed in the calls of the vocoder or decoder."""
        lines = [line.split() for line in self.report.splitlines() if line.startswith("block ")]
        return sum(int(length) * int(count) for _, _, length, count in lines)


@dataclass(frozen=True, slots=True)
class Guest:
    """The program, and the plugin that counts what it runs."""

    program: Path
    plugin: Path

    @classmethod
    def build(cls, directory: Path, part: str = "vocoder") -> Guest:
        """Compile both; `part`: vocoder or decoder."""
        library = directory / "libtts_vocoder.so"
        subprocess.run(
            [CHECKOUT / "scripts/build-native", "--compiler", COMPILER, "--machine", "aarch64",
             "--archive", "--output", library.with_suffix(".a")],
            check=True,
        )  # fmt: skip
        program, plugin = directory / "guest", directory / "count_blocks.so"
        source = CHECKOUT / f"tests/arm/{part}_guest.c"
        subprocess.run(
            [COMPILER, "-O2", "-static", "-pthread", f"-I{_NATIVE}", source,
             library.with_suffix(".a"), "-lm", "-o", program],
            check=True,
        )  # fmt: skip
        source = _BENCH / "count_blocks.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", plugin, source], check=True)
        return cls(program, plugin)

    def play(self, kernels: str, feed: Path, processor: str = "cortex-a72") -> Played:
        """Run it. Raises CalledProcessError with what it said."""
        options = ["-cpu", processor, "-plugin", self.plugin]
        done = subprocess.run(
            [*emulator(), *options, self.program, kernels, feed], capture_output=True, check=True
        )
        return Played(np.frombuffer(done.stdout, np.float32), done.stderr.decode())


def missing() -> str:
    """The first tool that is not installed; empty: all are."""
    tools = ("mmdebstrap", COMPILER, "cc")
    return next((tool for tool in tools if shutil.which(tool) is None), "")
