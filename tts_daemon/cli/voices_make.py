"""The commands of tts-voices that need the workshop (extra `[convert]`)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_daemon.cli import entry
from tts_daemon.errors import CheckpointError, TtsError, VoiceError
from tts_daemon.extras import importing
from tts_daemon.settings.loader import load
from tts_daemon.settings.places import voice_directories

if TYPE_CHECKING:
    from tts_daemon.workshop.checkpoints.model_files import VoiceFiles
    from tts_daemon.workshop.package.convert import Conversion

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


def add_commands(commands: Any) -> None:
    """Add `download`, `convert` and `make-random` to the parser's commands."""
    _add_download(commands)
    convert = commands.add_parser("convert", help="make a voice package of a published model")
    convert.set_defaults(act=_convert)
    convert.add_argument(
        "source", type=Path, nargs="?", help="model directory or voices.zip; or give --am ... --voc"
    )
    convert.add_argument("--name", required=True, help="of the new voice")
    convert.add_argument("--voice", help="which one of the model's voices (default: the first)")
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


def _add_download(commands: Any) -> None:
    download = commands.add_parser("download", help="fetch a model of ModelScope and convert it")
    download.set_defaults(act=_download)
    download.add_argument("id", help="for example damo/speech_sambert-hifigan_tts_zh-cn_16k")
    download.add_argument("--revision", help="tag or branch (default: the hub's)")
    download.add_argument("--cache", type=Path, help="where models are kept (default: ~/.cache)")
    download.add_argument("--endpoint", metavar="URL", help="another hub than ModelScope's")
    download.add_argument("--precision", choices=("int8", "fp32"), default="int8")
    download.add_argument(
        "--voice", action="append", default=[], help="one of the model's voices; may be repeated"
    )
    add_conversion_options(download)


def add_conversion_options(parser: argparse.ArgumentParser) -> None:
    """Options that every command has that makes packages."""
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
    with importing("convert"):
        from tts_daemon.workshop.package.convert import convert

    target = target_directory(options) / options.name
    convert(_source(options), target, conversion(options, voice=options.voice), _say)
    print(entry.ours(f"{target}: done; hear it with: tts-say --voice {options.name} 你好"))
    return 0


def _download(options: argparse.Namespace) -> int:
    """Every voice of the model, or those asked for; one that fails does not stop the others."""
    with importing("convert"):
        from tts_daemon.workshop.checkpoints.checkpoint import list_voices, open_model
        from tts_daemon.workshop.checkpoints.download import download

    models = target_directory(options)
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tts-daemon"
    fetched = download(
        options.id,
        options.cache or default,
        revision=options.revision,
        voices=options.voice,
        endpoint=options.endpoint,
        report=_say,
    )
    failed = 0
    with open_model(fetched.root) as root:
        for name in options.voice or list_voices(root):
            failed |= _convert_downloaded(options, root, name, models / name, fetched.checksums)
    return failed


def _convert_downloaded(
    options: argparse.Namespace, root: Path, name: str, target: Path, checksums: dict[str, str]
) -> int:
    with importing("convert"):
        from tts_daemon.workshop.package.convert import convert

    wanted = conversion(options, voice=name)
    own = {path: value for path, value in checksums.items() if f"/{name}/" in f"/{path}"}
    origin = {"model": options.id, "revision": options.revision, "sha256": own or checksums}
    wanted.notes.setdefault("provenance", origin)
    try:
        convert(root, target, wanted, _say)
    except TtsError as error:
        print(f"tts-voices: {name}: {entry.ours(error)}", file=sys.stderr)
        return 1
    print(entry.ours(f"{target}: done; hear it with: tts-say --voice {name} 你好"))
    return 0


def conversion(
    options: argparse.Namespace, *, voice: str | None = None, mode: str = ""
) -> Conversion:
    """The choices of `add_conversion_options`, as the workshop takes them.

    Raises:
        MissingExtraError: The extra `[convert]` is not installed.
    """
    with importing("convert"):
        from tts_daemon.workshop.package.convert import Conversion
        from tts_daemon.workshop.quantize.precision import Wishes

    wishes = Wishes(
        calibration=options.calibration,
        exclude=tuple(options.exclude),
        search=not options.no_search,
    )
    notes = {
        "title": options.title,
        "licence": options.licence,
        "provenance": options.provenance,
        "speaker": options.speaker,
        "emotions": options.emotions and tuple(options.emotions.split(",")),
    }
    return Conversion(
        voice=voice,
        mode=mode or {"int8": "static", "fp32": "fp32"}[options.precision],
        wishes=wishes,
        notes={key: value for key, value in notes.items() if value is not None},
        force=options.force,
    )


def target_directory(options: argparse.Namespace) -> Path:
    """The first directory of voices that may be written.

    Raises:
        VoiceError: None may.
    """
    if options.models is not None:
        return Path(options.models)
    directories = voice_directories(load(options.config).settings.voice.models)
    for directory in directories:
        existing = directory if directory.exists() else directory.parent
        if os.access(existing, os.W_OK):
            return directory
    raise VoiceError(f"{', '.join(map(str, directories))}: not writable; use sudo, or --models DIR")


def _source(options: argparse.Namespace) -> Path | VoiceFiles:
    """The model directory, or the files of a personal voice.

    Raises:
        CheckpointError: Neither is complete.
    """
    given = {name: getattr(options, name.replace("-", "_")) for name in SINGLE_FILES}
    if options.source is not None:
        if any(given.values()):
            raise CheckpointError("give a model directory or single files, not both")
        return Path(options.source)
    missing = [f"--{name}" for name in NEEDED if given[name] is None]
    if missing:
        raise CheckpointError(
            f"{', '.join(missing)} missing: give a model directory, or all files of a voice"
        )
    with importing("convert"):
        from tts_daemon.workshop.checkpoints.model_files import VoiceFiles

    return VoiceFiles(
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
    with importing("convert"):
        from tts_daemon.workshop.models.random_voice import make_random_voice

    print(make_random_voice(options.directory, options.size, seed=options.seed))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
