"""`tts-bench`: how fast, how large and how true every installed voice is on this machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tts_daemon.cli.bench_measure import Task
from tts_daemon.errors import TtsError, VoiceError
from tts_daemon.service import assembly
from tts_daemon.settings.loader import load
from tts_daemon.voices.manifest import Manifest
from tts_daemon.voices.store import VoicePackage, VoiceStore

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
    options = _parser().parse_args(arguments)
    try:
        report = bench(options)
    except TtsError as error:
        print(f"tts-bench: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report, ensure_ascii=False, indent=1) if options.json else _table(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tts-bench", description=__doc__)
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
    return parser


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every voice in a fresh process.

    Raises:
        VoiceError: A voice is missing, damaged, or its measurement failed.
    """
    store = _store(options)
    packages = [store.find(name) for name in options.voices or store.names() or [""]]
    with tempfile.TemporaryDirectory(prefix="tts-bench-") as directory:
        rows = list(_rows(packages, store, options, Path(directory)))
    return {
        "machine": f"{platform.machine()} {_processor()}".strip(),
        "cores": os.cpu_count(),
        "threads": options.threads or os.cpu_count(),
        "versions": _versions(),
        "text": options.text,
        "modes": rows,
    }


def _store(options: argparse.Namespace) -> VoiceStore:
    if options.models:
        return VoiceStore([options.models])
    return assembly.voice_store(load(options.config).settings)


def _rows(
    packages: Sequence[VoicePackage],
    store: VoiceStore,
    options: argparse.Namespace,
    directory: Path,
) -> Iterator[dict[str, Any]]:
    for package in packages:
        reference = _reference(package, store, options.against)
        if reference is None:
            yield _measure(_task(package, options))
            continue
        saved = directory / f"{reference.manifest.name}.npz"
        if not saved.exists():
            _measure(_task(reference, options, repeats=1, save=str(saved)))
        yield _measure(_task(package, options, reference=str(saved)))


def _reference(
    package: VoicePackage, store: VoiceStore, against: str | None
) -> VoicePackage | None:
    """What a voice is compared with: the one asked for, or the same one in FP32."""
    if against:
        return store.find(against) if against != package.manifest.name else None
    if package.manifest.precision == "fp32":
        return None
    candidates = (store.find(name) for name in store.names())
    return next(
        (
            other
            for other in candidates
            if other.manifest.precision == "fp32"
            and _model(other.manifest) == _model(package.manifest)
        ),
        None,
    )


def _model(manifest: Manifest) -> Manifest:
    """What two packages of one voice have in common."""
    return replace(manifest, name="", title="", graphs={}, quality={})


def _task(package: VoicePackage, options: argparse.Namespace, **changes: Any) -> Task:
    values = {
        "voice": package.manifest.name,
        "directory": str(package.directory.parent),
        "text": options.text,
        "threads": options.threads,
        "repeats": options.repeats,
    }
    return Task(**{**values, **changes})


def _measure(task: Task) -> dict[str, Any]:
    """Run one measurement in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "tts_daemon.cli.bench_measure"],
        input=json.dumps(asdict(task)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise VoiceError(f"{task.voice} cannot be measured: {lines[-1]}")
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def _versions() -> dict[str, str]:
    names = ("tts-daemon", "onnxruntime", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model"):
            return value.strip()
    return platform.processor()


def _table(report: dict[str, Any]) -> str:
    """For people."""
    numbers = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    head = f"{report['machine']}, {report['threads']} of {report['cores']} threads, {numbers}"
    rows = [[title for _, title in _COLUMNS]]
    for row in report["modes"]:
        rows.append(["-" if row[key] is None else str(row[key]) for key, _ in _COLUMNS])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join([head, *lines])


if __name__ == "__main__":
    sys.exit(main())
