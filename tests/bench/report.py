"""Writes docs/performance.md from what the other measurements left.

    python -m bench.report DIRECTORY      (from tests/; Markdown on standard output)

What was not measured is left out. The words are here, the figures come from the files alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tts_daemon.cli.bench import versions
from tts_daemon.runtime.machine import Machine

Figures = dict[str, Any]
SIZES = ("published", "embedded")


class Results:
    """The files of one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, name: str) -> Figures | None:
        """One of them; None where it was not measured."""
        path = self._directory / f"{name}.json"
        if not path.exists():
            return None
        figures: Figures = json.loads(path.read_text(encoding="utf-8"))
        return figures

    def sizes(self, name: str) -> Iterator[tuple[str, Figures]]:
        """The published and the embedded voice's, as far as measured."""
        for size in SIZES:
            figures = self.get(f"{name}-{size}")
            if figures is not None:
                yield size, figures


def main(directory: str) -> None:
    """Print the page."""
    results = Results(Path(directory))
    sections: list[Callable[[Results], Iterator[str]]] = [
        _head, _modes, _side, _limits, _loop, _daemon, _overlap, _soak, _pi
    ]  # fmt: skip
    for section in sections:
        for line in section(results):
            print(line)


def _head(results: Results) -> Iterator[str]:
    numbers = ", ".join(f"{name} {number}" for name, number in versions().items())
    yield "# Performance"
    yield ""
    yield "Written by `scripts/bench`, never by hand; `tts-bench` measures the voices of your machine."
    yield f"Here: {Machine.here()}, {Machine.here().architecture}, a virtual machine that other work"
    yield f"shared; {numbers}. Ratios count, not absolutes; nothing was measured on a Raspberry Pi."
    yield ""
    yield "The published size is that of the voices of ModelScope, with random weights (seed 0); the"
    yield "embedded voice is the one in `models/`. Real-time factor (RTF) is synthesis time / audio time."


def _modes(results: Results) -> Iterator[str]:
    for size, report in results.sizes("modes"):
        yield from _heading(f"Modes, {size} size")
        yield f"Medians at {report['threads']} thread, 50 characters, each mode in a fresh process."
        yield "`fp32-torch` is plain eager torch on a checkpoint: the whole sentence at once, the"
        yield "decoder fed step by step as the public reference does it. Distances are to `fp32-onnx`."
        yield ""
        yield from _mode_table(report)
    voices = results.get("voices")
    if voices:
        yield from _heading("The embedded voice as it is shipped")
        yield from _mode_table(voices)


def _mode_table(report: Figures) -> Iterator[str]:
    yield "| mode | MB | peak memory, MB | 50 characters, ms | RTF | first audio, ms | SNR, dB | mel, dB |"
    yield "|---|---|---|---|---|---|---|---|"
    keys = ("size_mb", "peak_rss_mb", "latency_50_chars_ms", "real_time_factor", "first_audio_ms",
            "snr_db", "mel_distance_db")  # fmt: skip
    for row in report["modes"]:
        cells = [row["mode"], *("" if row[key] is None else str(row[key]) for key in keys)]
        yield f"| {' | '.join(cells)} |"


def _side(results: Results) -> Iterator[str]:
    measured = list(results.sizes("side"))
    if not measured:
        return
    yield from _heading("Against plain torch, both sides in one go")
    yield "Same weights, 1 thread, taking turns in one process (`tests/bench/side_by_side.py`)."
    yield ""
    yield "| size | of the rounds | torch RTF | RTF | throughput, times | torch, 50 characters, ms"
    yield "| first audio at 10 / 50 / 120 characters, ms | first audio sooner, times |"
    lines = ["|---|---|---|---|---|---|---|---|"]
    for size, report in measured:
        for which in ("median", "fastest"):
            row = report[which]
            first = " / ".join(str(row[f"first_{count}_ms"]) for count in (10, 50, 120))
            cells = (size, which, row["eager_real_time_factor"], row["real_time_factor"],
                     row["throughput"], row["eager_50_chars_ms"], first,
                     row["first_audio_sooner"])  # fmt: skip
            lines.append(f"| {' | '.join(map(str, cells))} |")
    yield from lines


def _limits(results: Results) -> Iterator[str]:
    for size, report in results.sizes("limits"):
        peaks = report["peak_giga_macs_per_s"]
        yield from _heading(f"Distance to the limit, {size} size")
        yield f"A plain product of two 1024 x 1024 matrices in the same run: {peaks['fp32']} billion"
        yield f"multiplications a second in FP32, {peaks['int8']} in INT8 (u8 x s8), 1 thread."
        yield ""
        yield "| graph | precision | 10^9 per second of audio | 10^9 per second | of the peak | RTF |"
        yield "|---|---|---|---|---|---|"
        for graph, row in report["graphs"].items():
            share = f"{row['share_of_peak'] * 100:.1f} %"
            cells = (graph, row["precision"], row["giga_macs_per_s_of_audio"],
                     row["giga_macs_per_s"], share, row["real_time_factor"])  # fmt: skip
            yield f"| {' | '.join(map(str, cells))} |"
    if results.get("limits-published"):
        yield ""
        yield "What is left, and why: the vocoder spends half of its time in convolutions, the other half"
        yield "in what lies between them (rectifiers, additions in FP32, quantising, joining pieces), which"
        yield "multiplies nothing. The runtime's INT8 convolution of 16 to 128 channels uses the vector"
        yield "unit (VNNI), not the matrix unit (AMX) that the plain product runs on, and the last stage has"
        yield "16 channels only. The decoder makes one step at a time: a product of a matrix and a single"
        yield "row, where every weight is read for one multiplication. It is bound by memory and by the"
        yield "number of nodes, and INT8 helps because it reads a quarter."


def _loop(results: Results) -> Iterator[str]:
    report = results.get("side-published")
    if report is None:
        return
    yield from _heading("The decoder loop")
    yield f"{report['decoder_in_graphs'] * 100:.0f} % of its time is spent in the graphs, and"
    yield f"{report['in_graphs'] * 100:.0f} % of the whole synthesis. Inputs and outputs of a clause are"
    yield "bound once; a step copies one row and calls. Graphs that run in a loop have one thread."


def _daemon(results: Results) -> Iterator[str]:
    measured = list(results.sizes("daemon"))
    if not measured:
        return
    yield from _heading("The daemon")
    yield "| voice | start to READY, s | peak memory, MB | idle, % of a core | first audio, ms | of a prepared phrase, ms |"
    yield "|---|---|---|---|---|---|"
    for size, row in measured:
        cells = (size, row["start_to_ready_s"], row["peak_rss_mb"], row["idle_cpu_percent"],
                 row["first_audio_ms"], row["prepared_first_audio_ms"])  # fmt: skip
        yield f"| {' | '.join(map(str, cells))} |"


def _overlap(results: Results) -> Iterator[str]:
    measured = list(results.sizes("overlap"))
    if not measured:
        return
    yield from _heading("Stages at the same time?")
    yield "Acoustic model and vocoder take turns, and the vocoder has all cores. With the acoustic model"
    yield "one chunk ahead in a thread of its own, and one core less for the vocoder:"
    yield ""
    yield "| voice | cores | taking turns, ms | at the same time, ms |"
    yield "|---|---|---|---|"
    for size, row in measured:
        yield f"| {size} | {row['cores']} | {row['taking_turns_ms']} | {row['overlapped_ms']} |"
    yield ""
    yield "The simpler way stays."


def _soak(results: Results) -> Iterator[str]:
    for size, row in results.sizes("soak"):
        yield from _heading(f"{row['utterances']} utterances through one daemon, {size} voice")
        yield f"Memory {row['rss_begin_mb']} MB at the beginning, {row['rss_end_mb']} MB at the end: a"
        yield f"slope of {row['kb_per_utterance']} KB an utterance. First audio (medians of 100)"
        yield f"{row['first_audio_begin_ms']} ms at the beginning, {row['first_audio_end_ms']} ms at the end."


def _pi(results: Results) -> Iterator[str]:
    names = ("pi-embedded", "pi-published", "pi-published-fp32")
    measured = [(name, results.get(name)) for name in names]
    rows = [(name.removeprefix("pi-"), report) for name, report in measured if report]
    if not rows:
        return
    yield from _heading("Raspberry Pi 4B: an estimate")
    yield "Nobody has run this on a Pi yet. `tests/bench/pi_cost.py` runs the aarch64 build under"
    yield "qemu-user as a Cortex-A72 and counts instructions; a model makes cycles of them (0.60 an"
    yield "instruction in INT8 graphs, 0.85 in FP32 graphs: llvm-mca on the inner loops; 1.0 in Python, a"
    yield "guess), and a voice whose speed on a Pi 4 is published makes time of these (x 1.20 at 1.5 GHz)."
    yield "A graph that does not fit the cache takes no less than its weights at 3 GB/s, a guess as well."
    yield "Ranges: 4 threads make a graph 2.2 to 2.75 times as fast, as published for that voice."
    yield ""
    yield "| voice | RTF at 1 | 2 | 3 | 4 threads | first audio at 1 thread, ms | at 4 |"
    yield "|---|---|---|---|---|---|---|"
    for name, report in rows:
        threads = report["threads"]
        cells = [name, *(_range(row["real_time_factor"]) for row in threads)]
        cells += [_range(threads[index]["first_audio_ms"]) for index in (0, -1)]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "Instructions, in 10^9 per second of audio:"
    yield ""
    graphs = [graph for graph in rows[0][1]["giga_instructions_per_s"]]
    yield f"| voice | {' | '.join(graphs)} |"
    yield f"|{'---|' * (len(graphs) + 1)}"
    for name, report in rows:
        counted = report["giga_instructions_per_s"]
        yield f"| {name} | {' | '.join(str(counted.get(graph, '')) for graph in graphs)} |"
    yield from _choice(dict(rows))


def _choice(reports: dict[str, Figures]) -> Iterator[str]:
    yield ""
    yield "So `config/pi4.yaml` takes the static INT8 package and four threads for the large graphs."
    published = reports.get("published")
    if published is None:
        return
    best, worst = published["threads"][-1]["real_time_factor"]
    if worst <= 0.6:
        yield "A voice of the published size keeps below 0.6, the aim."
        return
    missing = "within reach of" if best <= 0.6 else f"{best - 0.6:.2f} above"
    yield f"A voice of the published size is {missing} the aim of 0.6 (worst case {worst}); a smaller"
    yield "vocoder, trained on the voice's own output, is the way to get there: see"
    yield "[voice](voice.md)."


def _range(values: list[float]) -> str:
    best, worst = values
    return f"{best:g}" if best == worst else f"{best:g} - {worst:g}"


def _heading(text: str) -> Iterator[str]:
    yield ""
    yield f"## {text}"
    yield ""


if __name__ == "__main__":
    main(*sys.argv[1:])
