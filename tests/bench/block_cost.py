"""Prices what an emulated program ran: cycles of each block by a model of the processor.

count_blocks.c says how often each block ran; llvm-mca, which knows the pipelines of a Cortex-A72,
says what it costs when it runs over and over with everything in the first cache. Needs llvm and
binutils for aarch64.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROCESSOR = "cortex-a72"
_ISSUED = 3
"""Instructions that begin in one cycle at most."""
_REPEATS = 60
_PRICED = 0.985
"""Share of the instructions that is priced block by block; of the rest each counts one cycle."""
_OUTSIDE = re.compile(r"^(b|bl|br|blr|b\.\w+|cb\w*|tb\w*|ret|svc|mrs|adrp?|yield)\b")
"""What ends a block, or has no model."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the marked calls cost.

    Attributes:
        instructions: Executed.
        cycles: By the model.
    """

    instructions: int
    cycles: float


def price(binary: Path, report: str, processor: str = PROCESSOR) -> Cost:
    """Price the lines that count_blocks.c printed."""
    counts: Counter[tuple[int, int]] = Counter()
    for line in report.splitlines():
        if line.startswith("block "):
            _, address, length, count = line.split()
            counts[int(address, 16), int(length)] += int(count)
    instructions = sum(length * count for (_, length), count in counts.items())
    text, cycles, seen = _disassembled(binary), 0.0, 0
    for (address, length), count in sorted(counts.items(), key=lambda item: -item[0][1] * item[1]):
        priced = seen < _PRICED * instructions
        each = _cycles(list(_block(text, address, length)), length, processor) if priced else length
        cycles += each * count
        seen += length * count
    return Cost(instructions, cycles)


def _disassembled(binary: Path) -> dict[int, str]:
    """Address -> instruction."""
    command = ["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", str(binary)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.finditer(r"^\s*([0-9a-f]+):\s+(.*)$", listing, re.MULTILINE)
    return {int(one[1], 16): re.sub(r"<.*>|//.*", "", one[2]).strip() for one in found}


def _block(text: dict[int, str], address: int, length: int) -> Iterator[str]:
    for place in range(address, address + 4 * length, 4):
        instruction = text.get(place, "nop")
        if not _OUTSIDE.match(instruction):
            yield instruction


def _cycles(block: list[str], length: int, processor: str) -> float:
    """Cycles of one execution among many."""
    command = ["llvm-mca", "-mtriple=aarch64", f"-mcpu={processor}", f"-iterations={_REPEATS}"]
    done = subprocess.run(
        command, input="\n".join(block or ["nop"]), capture_output=True, text=True, check=False
    )
    found = re.search(r"Total Cycles:\s*(\d+)", done.stdout)
    return max(int(found[1]) / _REPEATS if found else length, length / _ISSUED)
