"""The commands of tts-voices that need the workshop (extra `[convert]`)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tts_daemon.errors import CheckpointError, MissingExtraError, VoiceError
from tts_daemon.settings.loader import load
from tts_daemon.settings.places import checkout_models

SINGLE_FILES = {
    "am": "acoustic checkpoint (.pth)",
    "am-config": "its config.yaml",
    "voc": "vocoder checkpoint (.pth)",
    "voc-config": "its config.yaml",
    "se": "speaker embedding (se.npy)",
    "mvn": "f0 statistics (mvn.npy)",
    "audio-config": "audio_config.yaml",
}
NEEDED = ("am", "am-config", "voc", "voc-config")


def workshop(module: str) -> Any:
    """A module of the workshop, imported when it is needed and not before.

    Raises:
        MissingExtraError: torch or another part of the extra is not installed.
    """
    try:
        return import_module(f"tts_daemon.workshop.{module}")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is missing: pip install 'tts-daemon[convert]' brings it"
        ) from error


def add_commands(commands: Any) -> None:
    """Add `convert` and `make-random` to the parser's commands."""
    convert = commands.add_parser("convert", help="make a voice package of a published model")
    convert.set_defaults(act=_convert)
    convert.add_argument(
        "source", type=Path, nargs="?", help="model directory or voices.zip; or give --am ... --voc"
    )
    convert.add_argument("--name", required=True, help="of the new voice")
    convert.add_argument("--precision", choices=("int8", "fp32"), default="int8")
    add_conversion_options(convert)
    personal = convert.add_argument_group("a personal (fine-tuned) voice, file by file")
    for option, text in SINGLE_FILES.items():
        personal.add_argument(f"--{option}", type=Path, metavar="FILE", help=text)
    random = commands.add_parser("make-random", help="write a model with random weights")
    random.set_defaults(act=_make_random)
    random.add_argument("directory", type=Path)
    random.add_argument("--size", choices=("tiny", "published"), default="tiny")
    random.add_argument("--seed", type=int, default=0)


def add_conversion_options(parser: argparse.ArgumentParser) -> None:
    """Options that every command has that makes packages."""
    parser.add_argument("--voice", help="which one of the model's voices (default: the first)")
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="texts to calibrate with, one a line"
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GRAPH[:NODE]",
        help="keep this graph, or this node of it, in FP32; may be repeated",
    )
    parser.add_argument(
        "--no-search", action="store_true", help="quantise all, whatever it costs in quality"
    )
    parser.add_argument("--title")
    parser.add_argument("--licence")
    parser.add_argument("--provenance")
    parser.add_argument("--speaker", help="name in the model's speaker table")
    parser.add_argument("--emotions", help="names, separated by commas, the default first")
    parser.add_argument("--force", action="store_true", help="whatever the quality; overwrite")


def _convert(options: argparse.Namespace) -> int:
    target = target_directory(options) / options.name
    convert = workshop("convert")
    convert.convert(_source(options), target, conversion(options), _say)
    print(f"{target}: done; hear it with: tts-say --voice {options.name} 你好")
    return 0


def conversion(options: argparse.Namespace, mode: str = "") -> Any:
    """The choices of `add_conversion_options`, as the workshop takes them."""
    emotions = options.emotions and tuple(options.emotions.split(","))
    wishes = workshop("precision").Wishes(
        calibration=options.calibration,
        exclude=tuple(options.exclude),
        search=not options.no_search,
    )
    return workshop("convert").Conversion(
        voice=options.voice,
        mode=mode or {"int8": "static", "fp32": "fp32"}[options.precision],
        wishes=wishes,
        notes={
            "title": options.title,
            "licence": options.licence,
            "provenance": options.provenance,
            "speaker": options.speaker,
            "emotions": emotions,
        },
        force=options.force,
    )


def target_directory(options: argparse.Namespace) -> Path:
    """The first directory of voices that may be written.

    Raises:
        VoiceError: None may.
    """
    if options.models is not None:
        return Path(options.models)
    own = checkout_models()
    configured = [Path(name).expanduser() for name in load(options.config).settings.voice.models]
    for directory in [*configured, *([own] if own else [])]:
        existing = directory if directory.exists() else directory.parent
        if os.access(existing, os.W_OK):
            return directory
    raise VoiceError(f"{', '.join(map(str, configured))}: not writable; use sudo, or --models DIR")


def _source(options: argparse.Namespace) -> Any:
    """The model directory, or the files of a personal voice.

    Raises:
        CheckpointError: Neither is complete.
    """
    given = {name: getattr(options, name.replace("-", "_")) for name in SINGLE_FILES}
    if options.source is not None:
        if any(given.values()):
            raise CheckpointError("give a model directory or single files, not both")
        return options.source
    missing = [f"--{name}" for name in NEEDED if given[name] is None]
    if missing:
        raise CheckpointError(
            f"{', '.join(missing)} missing: give a model directory, or all files of a voice"
        )
    return workshop("checkpoint").VoiceFiles(
        name=options.name,
        acoustic=given["am"],
        acoustic_config=given["am-config"],
        vocoder=given["voc"],
        vocoder_config=given["voc-config"],
        speaker_embedding=given["se"],
        f0_statistics=given["mvn"],
        audio_config=given["audio-config"],
    )


def _make_random(options: argparse.Namespace) -> int:
    make: Callable[..., Path] = workshop("random_voice").make_random_voice
    print(make(options.directory, options.size, seed=options.seed))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
