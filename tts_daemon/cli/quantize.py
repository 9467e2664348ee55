"""tts-quantize: one published model in several precisions, each as a voice package, compared."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tts_daemon.cli import entry, voices_make
from tts_daemon.errors import TtsError
from tts_daemon.extras import importing
from tts_daemon.voices.manifest import Manifest

MODES = ("static", "dynamic", "fp32", "fx-x86", "fx-qnnpack")
COLUMNS = ("mode", "MB", "vocoder SNR dB", "pauses dB", "mel dB", "durations %", "emotion %")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        packages = _quantize(options)
    except TtsError as error:
        print(f"tts-quantize: {entry.ours(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    rows = [_row(package) for package in packages]
    print(json.dumps(rows, ensure_ascii=False, indent=1) if options.json else _table(rows))
    return 0


def make_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = entry.Parser(
        prog="tts-quantize",
        description=__doc__,
        epilog="The package of mode static is named NAME, the others NAME-MODE.",
    )
    parser.add_argument("source", type=Path, help="model directory or voices.zip")
    parser.add_argument("--name", required=True, help="of the new voices")
    parser.add_argument(
        "--mode", action="append", choices=MODES, help="may be repeated (default: static)"
    )
    parser.add_argument("--voice", help="which one of the model's voices (default: the first)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="default: the system's")
    parser.add_argument("--models", type=Path, metavar="DIR", help="where to write")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    voices_make.add_conversion_options(parser)
    entry.add_version(parser)
    return parser


def _quantize(options: argparse.Namespace) -> list[Path]:
    """One package for every mode.

    Raises:
        TtsError: The workshop is missing, the model cannot be read, or a package not written.
    """
    with importing("convert"):
        from tts_daemon.workshop.package import convert

    models = voices_make.target_directory(options)
    modes = options.mode or ["static"]
    targets = {mode: models / _name(options.name, mode) for mode in modes}
    wanted = voices_make.conversion(options, voice=options.voice, mode=modes[0])
    for target in targets.values():
        convert.refuse_existing(target, wanted)
    prepared = convert.prepare(options.source, wanted, _say)
    for mode, target in targets.items():
        _say(f"{target.name}:")
        convert.write(prepared, target, replace(wanted, mode=mode), _say)
    return list(targets.values())


def _name(name: str, mode: str) -> str:
    return name if mode == "static" else f"{name}-{mode}"


def _row(package: Path) -> dict[str, Any]:
    manifest = Manifest.load(package)
    return {"name": package.name, "size_mb": manifest.size_bytes() / 1e6, **manifest.quality}


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """The figures side by side."""
    lines = [COLUMNS]
    for row in rows:
        cells = (
            row.get("graph_snr_db", {}).get("vocoder"),
            row.get("pause_noise_db"),
            row.get("mel_distance_db"),
            _percent(row.get("duration_error")),
            _percent(row.get("emotion_kept")),
        )
        shown = ["-" if cell is None else f"{cell:.1f}" for cell in cells]
        lines.append((row["mode"], f"{row['size_mb']:.1f}", *shown))
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
