"""tts-voices: the voices of this machine, and new ones from published models."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tts_daemon.cli import box, entry, voices_make
from tts_daemon.errors import TtsError, UnknownVoiceError, VoiceError
from tts_daemon.settings.loader import load
from tts_daemon.settings.places import voice_directories
from tts_daemon.voices import judgement
from tts_daemon.voices.manifest import FILE_NAME, Manifest
from tts_daemon.voices.store import VoicePackage, VoiceStore


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    act: Callable[[argparse.Namespace], int] = options.act
    try:
        return act(options)
    except TtsError as error:
        print(f"tts-voices: {entry.ours(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def make_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = entry.Parser(prog="tts-voices", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="default: the system's")
    parser.add_argument(
        "--models",
        type=Path,
        metavar="DIR",
        help="look and write here, not where voice.models says",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = _command(commands, "list", _list, "installed voices, the default first")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    info = _command(commands, "info", _info, "what the manifest of a voice says")
    info.add_argument("name", nargs="?", default="", help="default: the default voice")
    info.add_argument("--json", action="store_true", help="the whole manifest, for programs")
    verify = _command(commands, "verify", _verify, "compare every file with its checksum")
    verify.add_argument("names", nargs="*", help="default: all")
    remove = _command(commands, "remove", _remove, "delete a voice")
    remove.add_argument("name")
    judged = _command(commands, "judged", _judged, "note how listeners judged a voice")
    judged.add_argument("name")
    judged.add_argument("report", type=Path, help="JSON of scripts/judge-voice")
    voices_make.add_commands(commands)
    entry.add_version(parser)
    return parser


def _command(
    commands: Any, name: str, act: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(act=act)
    return parser


def directories(options: argparse.Namespace) -> list[Path]:
    """Where voices are looked for, in this order."""
    if options.models is not None:
        return [options.models]
    return voice_directories(load(options.config).settings.voice.models)


def _store(options: argparse.Namespace) -> VoiceStore:
    default = "" if options.models else load(options.config).settings.voice.default
    return VoiceStore(directories(options), default)


def _list(options: argparse.Namespace) -> int:
    store = _store(options)
    if not store.names():
        looked = ", ".join(map(str, directories(options)))
        hint = f"no voice is installed in {looked}; `tts-voices download` brings one"
        print(f"tts-voices: {entry.ours(hint)}", file=sys.stderr)
    for name in store.names():
        try:
            manifest = store.find(name).manifest
        except VoiceError as error:
            print(entry.ours(f"{name}: damaged: {error}"), file=sys.stderr)
            continue
        facts = _facts(manifest)
        if options.json:
            print(json.dumps({"name": name, **facts}, ensure_ascii=False))
        else:
            default = " (default)" if name == store.default else ""
            print(f"{name}{default}: {', '.join(str(value) for value in facts.values())}")
    return 0


def _facts(manifest: Manifest) -> dict[str, str]:
    precisions = {graph.precision for graph in manifest.graphs.values()}
    return {
        "title": manifest.title,
        "precision": "int8" if "int8" in precisions else "fp32",
        "size": f"{manifest.size_bytes() / 1e6:.1f} MB",
        "sample_rate": f"{manifest.sample_rate} Hz",
        "emotions": " ".join(manifest.emotions),
        "licence": manifest.licence,
    }


def _info(options: argparse.Namespace) -> int:
    package = _store(options).find(options.name)
    if options.json:
        content = json.loads((package.directory / FILE_NAME).read_text(encoding="utf-8"))
        content["symbols"] = {table: len(names) for table, names in content["symbols"].items()}
        content = {"directory": str(package.directory), **content}
        print(json.dumps(content, ensure_ascii=False, indent=1))
        return 0
    for title, value in _page(package):
        print(f"{box.padded(entry.ours(title), 13)} {entry.ours(value)}")
    return 0


def _page(package: VoicePackage) -> Iterator[tuple[str, str]]:
    """What a person wants to know of a voice, line by line."""
    manifest = package.manifest
    facts = _facts(manifest)
    yield "name", f"{manifest.name} ({manifest.title}), {manifest.language}"
    yield "directory", str(package.directory)
    yield "sound", f"{facts['sample_rate']}, one channel"
    yield "emotions", facts["emotions"]
    for precision in ("int8", "fp32"):
        graphs = [name for name, file in manifest.graphs.items() if file.precision == precision]
        if graphs:
            size = sum(manifest.graphs[name].bytes for name in graphs)
            yield precision, f"{', '.join(graphs)}: {size / 1e6:.1f} MB"
    for name, figures in manifest.quality.get("judged", {}).items():
        wrong, sentences = figures["pinyin_error_percent"], figures["sentences"]
        yield "judged", f"{name}: {wrong} % of the syllables wrong in {sentences} sentences"
    yield "licence", manifest.licence
    yield "provenance", str(manifest.provenance)


def _verify(options: argparse.Namespace) -> int:
    store = _store(options)
    names = options.names or store.names()
    failed = 0
    if not names:
        raise UnknownVoiceError("no voice is installed; `tts-voices download` brings one")
    for name in names:
        try:
            store.verify(name)
            print(entry.ours(f"{name}: every file is as it was made"))
        except VoiceError as error:
            failed = 1
            print(entry.ours(f"{name}: {error}"), file=sys.stderr)
    return failed


def _remove(options: argparse.Namespace) -> int:
    # A damaged voice can be removed as well: its manifest is not read.
    candidates = [directory / options.name for directory in directories(options)]
    for candidate in candidates:
        if Path(options.name).name == options.name and (candidate / FILE_NAME).is_file():
            _delete(candidate)
            print(entry.ours(f"removed {candidate}"))
            return 0
    raise UnknownVoiceError(f"no voice {options.name!r} in {', '.join(map(str, candidates))}")


def _judged(options: argparse.Namespace) -> int:
    package = _store(options).find(options.name)
    for name, figures in judgement.note(package, options.report).items():
        print(
            f"{name}: {figures['sentences']} sentences,"
            f" {figures['pinyin_error_percent']} % of the syllables wrong,"
            f" DNSMOS {figures['dnsmos_overall']} overall, {figures['dnsmos_p808']} P.808"
        )
    return 0


def _delete(directory: Path) -> None:
    """Raises VoiceError where it may not be deleted."""
    try:
        shutil.rmtree(directory)
    except OSError as error:
        raise VoiceError(f"{directory}: cannot be removed: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
