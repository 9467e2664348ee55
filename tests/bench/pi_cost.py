"""Estimates what a voice costs on a Raspberry Pi 4B: instructions counted, cycles reckoned.

    python -m bench.pi_cost MODELS VOICE...      (from tests/; one JSON object a line)

The aarch64 build runs under qemu-user as a Cortex-A72 with a plugin that counts instructions.
Cycles per instruction come from a model of the processor's pipelines (llvm-mca) on the inner loops,
and the factor from cycles to time from a voice whose speed on a Pi 4 is published. Needs
mmdebstrap and a C compiler, for our own kernels also llvm and gcc for aarch64; see
docs/performance.md for what the model is worth.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arm.emulated import CHECKOUT, Pi
from arm.guest import emulator as qemu
from bench.pi_kernels import KernelCost, kernel_cost

from tts_daemon.voices.manifest import Manifest

HERE = Path(__file__).parent
TEXT = "你好，今天天气怎么样？"
GRAPH, BEGIN, CHUNK, END = range(4)

CYCLES_PER_INSTRUCTION = {"fp32": 2.45 / 2.88, "int8": 1.66 / 2.78}
"""Of the vocoder's inner loops, by precision."""
PYTHON_CYCLES_PER_INSTRUCTION = 1.0
"""Everything outside of the graphs; a guess."""
CLOCK_HZ = 1.5e9
TIME_PER_CYCLE = 1.20
"""What the calibrating voice took on a Pi 4 at 1.5 GHz, against the same model."""
MEMORY_BYTES_PER_S = 3e9
"""What one core reads; a guess. A graph larger than the cache is read whole in every call."""
CACHE_BYTES = 1e6
PARALLEL = {"worst": 0.727, "best": 0.848}
"""Share of a graph's work that more threads help with: 4 threads were 2.2 to 2.75 times as fast."""
FIRST_STEPS = 2
"""In the first chunk of a voice that makes several at a time."""
ONE_THREAD = ("duration", "postnet_fsmn", "postnet_lstm", "python")


@dataclass(frozen=True, slots=True)
class Count:
    """Instructions of one utterance.

    Attributes:
        audio_s: Its length.
        whole: Graph (or `python`) -> instructions.
        first: The same up to the first chunk.
        calls, first_calls: How often each graph was run.
    """

    audio_s: float
    whole: dict[str, int]
    first: dict[str, int]
    calls: dict[str, int]
    first_calls: dict[str, int]


def main(models: str, *voices: str) -> None:
    """Measure and print."""
    for tool in ("mmdebstrap", "cc"):
        if shutil.which(tool) is None:
            raise SystemExit(f"pi-cost: {tool} is missing: apt install mmdebstrap gcc libc6-dev")
    for voice in voices:
        print(json.dumps(cost(Path(models).resolve(), voice)), flush=True)


def cost(models: Path, voice: str) -> dict[str, Any]:
    """Count one voice, and estimate its speed at 1 to 4 threads."""
    manifest = Manifest.load(models / voice)
    count = count_instructions(models, voice)
    whole = seconds(manifest, count.whole, count.calls)
    first = seconds(manifest, count.first, count.first_calls)
    loops = {*ONE_THREAD, "decoder"} if manifest.autoregressive else set(ONE_THREAD)

    def threads(whole: dict[str, float], first: dict[str, float]) -> list[dict[str, Any]]:
        return [
            {
                "threads": count_of,
                "real_time_factor": _range(whole, loops, count_of, 1 / count.audio_s, 3),
                "first_audio_ms": _range(first, loops, count_of, 1000, 0),
            }
            for count_of in (1, 2, 3, 4)
        ]

    kernels = kernel_cost(models / voice)
    own = _native(manifest, kernels, threads, (whole, first), count) if kernels else None
    return {
        "voice": voice,
        "audio_s": round(count.audio_s, 2),
        "giga_instructions_per_s": {
            graph: round(number / count.audio_s / 1e9, 4) for graph, number in count.whole.items()
        },
        "share": {graph: round(s / sum(whole.values()), 3) for graph, s in whole.items()},
        "threads": threads(whole, first),
        **({"native": own} if own else {}),
    }


def _native(
    manifest: Manifest,
    kernels: KernelCost,
    threads: Callable[[dict[str, float], dict[str, float]], list[dict[str, Any]]],
    times: tuple[dict[str, float], dict[str, float]],
    count: Count,
) -> dict[str, Any]:
    """The same with our own kernels for the vocoder, and for the decoder where they make it."""
    per_cycle = TIME_PER_CYCLE / CLOCK_HZ
    whole, first = ({**part} for part in times)
    whole["vocoder"] = kernels.per_second.cycles * count.audio_s * per_cycle
    first["vocoder"] = kernels.first.cycles * per_cycle
    report: dict[str, Any] = {}
    if kernels.step is not None:
        read_s = manifest.graphs["decoder"].bytes / MEMORY_BYTES_PER_S
        step_s = kernels.step.cycles * per_cycle
        rate = manifest.sample_rate / manifest.hop_length / manifest.frames_per_step
        steps = count.calls["decoder"] if manifest.autoregressive else count.audio_s * rate
        first_steps = count.first_calls["decoder"] if manifest.autoregressive else FIRST_STEPS
        whole["decoder"] = max(steps * step_s, count.calls["decoder"] * read_s)
        first["decoder"] = max(first_steps * step_s, count.first_calls["decoder"] * read_s)
        report = {
            "step_million_cycles": round(kernels.step.cycles / 1e6, 2),
            "step_ms": round(1000 * max(step_s, read_s if manifest.autoregressive else 0), 2),
        }
    return {
        "giga_instructions_per_s": round(kernels.per_second.instructions / 1e9, 4),
        "giga_cycles_per_s": round(kernels.per_second.cycles / 1e9, 4),
        "first_call_giga_cycles": round(kernels.first.cycles / 1e9, 4),
        **report,
        "threads": threads(whole, first),
    }


def seconds(
    manifest: Manifest, instructions: dict[str, int], calls: dict[str, int]
) -> dict[str, float]:
    """Estimated time of each graph on one core."""
    made = {}
    for graph, number in instructions.items():
        per_instruction, read_s = PYTHON_CYCLES_PER_INSTRUCTION, 0.0
        if graph != "python":
            file = manifest.graphs[graph]
            per_instruction = CYCLES_PER_INSTRUCTION[file.precision]
            if file.bytes > CACHE_BYTES:
                read_s = calls[graph] * file.bytes / MEMORY_BYTES_PER_S
        made[graph] = max(number * per_instruction * TIME_PER_CYCLE / CLOCK_HZ, read_s)
    return made


def _range(
    times: dict[str, float], loops: set[str], threads: int, factor: float, digits: int
) -> list[float]:
    """Best and worst case."""
    totals = []
    for share in (PARALLEL["best"], PARALLEL["worst"]):
        faster = 1 - share + share / threads
        total = sum(s if graph in loops else s * faster for graph, s in times.items())
        totals.append(round(total * factor, digits))
    return totals


def count_instructions(models: Path, voice: str) -> Count:
    """Speak under the emulator."""
    with tempfile.TemporaryDirectory() as directory:
        plugin = Path(directory) / "count.so"
        source = HERE / "count_instructions.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", plugin, source], check=True)
        done = subprocess.run(
            [*emulator(plugin), HERE / "pi_guest.py", models, voice, TEXT],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"pi-cost: {voice}: {done.stderr.strip().splitlines()[-1]}")
    marks = [line.split()[1:] for line in done.stderr.splitlines() if line.startswith("mark ")]
    spoken = json.loads(done.stdout)
    return counted([(int(kind), int(number)) for kind, number in marks], spoken)


def emulator(plugin: Path) -> list[str | Path]:
    """The command that runs the Pi's Python with a plugin.

    Debian 13's qemu is linked statically and takes no plugins. Debian 12's does, but shows the
    host's /proc/cpuinfo, on which onnxruntime crashes: the Pi's own is put in its place.
    """
    pi = Pi.prepare("bookworm")
    (pi.root / "proc").mkdir(exist_ok=True)
    shutil.copy(HERE / "cpuinfo", pi.root / "proc" / "cpuinfo")
    options = ["-cpu", "cortex-a72", "-plugin", plugin, "-L", pi.root]
    path = f"PYTHONPATH={CHECKOUT}:{pi.site}"
    python = pi.root / f"usr/bin/python{pi.python}"
    return [*qemu(), *options, "-E", path, python]


def counted(marks: list[tuple[int, int]], spoken: dict[str, Any]) -> Count:
    begin = next(index for index, (kind, _) in enumerate(marks) if kind == BEGIN)
    marked = marks[begin:]
    chunk = next(index for index, (kind, _) in enumerate(marked) if kind == CHUNK)
    whole, calls = _by_graph(marked, iter(spoken["graphs"]))
    first, first_calls = _by_graph(marked[: chunk + 1], iter(spoken["graphs"]))
    return Count(spoken["audio_s"], whole, first, calls, first_calls)


def _by_graph(
    marks: list[tuple[int, int]], names: Iterator[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Instructions and calls of each graph; the rest is Python's."""
    instructions: defaultdict[str, int] = defaultdict(int)
    calls: defaultdict[str, int] = defaultdict(int)
    counts = [number for kind, number in marks if kind == GRAPH]
    for begin, end in zip(counts[::2], counts[1::2], strict=False):
        name = next(names)
        instructions[name] += end - begin
        calls[name] += 1
    total = marks[-1][1] - marks[0][1]
    instructions["python"] = total - sum(instructions.values())
    return dict(instructions), dict(calls)


if __name__ == "__main__":
    main(*sys.argv[1:])
