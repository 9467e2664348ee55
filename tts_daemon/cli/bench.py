"""`tts-bench`: how fast, how large and how true voices are on this machine, mode by mode."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

from tts_daemon import __version__
from tts_daemon.cli import bench_modes, bench_tune, entry
from tts_daemon.cli.bench_rows import Bench, rows
from tts_daemon.errors import TtsError
from tts_daemon.runtime.machine import Machine
from tts_daemon.service import assembly
from tts_daemon.settings.loader import load
from tts_daemon.voices.store import VoiceStore

TEXT = (
    "早上好，今天天气晴朗，气温二十六度，适合出门散步；下午可能下雨，请记得带伞。"
    "晚上八点放电影，别忘了。"
)
"""50 characters."""

_COLUMNS = (
    ("voice", "voice"),
    ("mode", "mode"),
    ("size_mb", "MB"),
    ("peak_rss_mb", "peak MB"),
    ("latency_50_chars_ms", "50 chars ms"),
    ("real_time_factor", "RTF"),
    ("first_audio_ms", "first ms"),
    ("snr_db", "SNR dB"),
    ("mel_distance_db", "mel dB"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a voice cannot be measured."""
    options = make_parser().parse_args(arguments)
    try:
        if options.tune:
            report = bench_tune.tune(options)
            print(_json(report) if options.json else bench_tune.table(report))
        else:
            report = bench(options)
            print(_json(report) if options.json else _table(report))
    except TtsError as error:
        print(f"tts-bench: {entry.ours(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def make_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = entry.Parser(prog="tts-bench", description=__doc__)
    parser.add_argument("voices", nargs="*", help="voices to measure (default: all)")
    parser.add_argument("--config", type=Path, help="configuration file (default: the system's)")
    parser.add_argument("--models", type=Path, help="measure the voices of this directory instead")
    parser.add_argument(
        "--against", help="voice to compare with (default: the same voice in FP32, if installed)"
    )
    parser.add_argument("--text", default=TEXT, help="what is said (default: 50 characters)")
    parser.add_argument("--threads", type=int, default=1, help="0: one per core (default: 1)")
    parser.add_argument("--repeats", type=int, default=5, help="runs to take the median of")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--tune",
        action="store_true",
        help="find the fastest precision and threads for every graph, and write the profile by"
        " which the daemon loads its voices",
    )
    published = parser.add_argument_group("a published model in all modes (extra [convert])")
    published.add_argument("--model", type=Path, metavar="DIR", help="model directory, voices.zip")
    published.add_argument(
        "--random", choices=("published", "tiny"), help="a model of this size with random weights"
    )
    published.add_argument("--mode", action="append", choices=bench_modes.MODES, help="only these")
    published.add_argument("--keep", type=Path, metavar="DIR", help="keep packages, use those kept")
    entry.add_version(parser)
    return parser


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every voice in a fresh process.

    Raises:
        TtsError: A voice is missing, damaged, or its measurement failed.
    """
    plan = Bench(options.text, options.threads, options.repeats, options.against)
    with ExitStack() as stack:
        if options.model or options.random:
            made = list(bench_modes.rows(options, _place(options, stack), plan))
        else:
            store = _store(options)
            packages = [store.find(name) for name in options.voices or store.names() or [""]]
            made = list(rows(packages, store, plan))
    here = Machine.here()
    return {
        "machine": f"{here.architecture} {here.processor}".strip(),
        "cores": here.cores,
        "threads": options.threads or here.cores,
        "versions": versions(),
        "text": options.text,
        "modes": [asdict(row) for row in made],
    }


def _place(options: argparse.Namespace, stack: ExitStack) -> Path:
    """Where packages of a model are made."""
    if options.keep:
        return Path(options.keep)
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tts-bench-")))


def _store(options: argparse.Namespace) -> VoiceStore:
    if options.models:
        return VoiceStore([options.models])
    return assembly.voice_store(load(options.config).settings)


def versions() -> dict[str, str]:
    """Of what was measured."""
    libraries = {name: version(name) for name in ("onnxruntime", "numpy")}
    return {"python": python_version(), "tts-daemon": __version__, **libraries}


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False, indent=1)


def _table(report: dict[str, Any]) -> str:
    """For people."""
    numbers = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    head = f"{report['machine']}, {report['threads']} of {report['cores']} threads, {numbers}"
    lines = [[title for _, title in _COLUMNS]]
    for row in report["modes"]:
        lines.append(["-" if row[key] is None else str(row[key]) for key, _ in _COLUMNS])
    return "\n".join([head, *aligned(lines)])


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells in columns, to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


if __name__ == "__main__":
    sys.exit(main())
