"""Where the files of published voices lie.

As a directory in one of the published layouts (`layouts`), as `voices.zip`, or as single files
under any names.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.checkpoints import layouts, safe_files
from tts_daemon.workshop.checkpoints.layouts import Layout

NOTES_FILE = "traits.json"


@dataclass(frozen=True, slots=True)
class VoiceFiles:
    """Where the parts of one voice lie. The optional ones are None where there is no such file.

    Attributes:
        name: Of the voice.
        acoustic_config, acoustic: `am/config.yaml` and the newest `am/ckpt/checkpoint_N.pth`.
        vocoder_config, vocoder: The same of `voc`.
        audio_config: `audio_config.yaml`.
        speaker_embedding: `am/se.npy`.
        f0_statistics: `am/mvn.npy`.
        notes: `traits.json`, our own addition.
    """

    name: str
    acoustic_config: Path
    acoustic: Path
    vocoder_config: Path
    vocoder: Path
    audio_config: Path | None = None
    speaker_embedding: Path | None = None
    f0_statistics: Path | None = None
    notes: Path | None = None


@contextmanager
def open_model(path: Path) -> Iterator[Path]:
    """The directory that holds `voices/`, unpacked for the time being if need be.

    Raises:
        CheckpointError: There is no model at `path`.
    """
    archive = path if path.is_file() else path / "voices.zip"
    if path.is_dir() and not ((path / "voices").is_dir() is False and archive.is_file()):
        yield path
        return
    if not archive.is_file():
        raise CheckpointError(f"{path}: no such directory or voices.zip")
    with tempfile.TemporaryDirectory(prefix="tts-voices-") as directory:
        target = Path(directory)
        safe_files.unzip(archive, target)
        has_voices = (target / "voices").is_dir()
        yield target if has_voices else _as_voices(target)


def _as_voices(target: Path) -> Path:
    """Some archives hold the contents of `voices/`, not the directory itself."""
    wrapped = target / "unpacked"
    wrapped.mkdir()
    for entry in list(target.iterdir()):
        if entry != wrapped:
            (wrapped / "voices").mkdir(exist_ok=True)
            entry.rename(wrapped / "voices" / entry.name)
    return wrapped


def list_voices(root: Path) -> list[str]:
    """Names of the voices of a model directory, the default first.

    Raises:
        CheckpointError: `voices/voices.json` is damaged, or names a path that leaves the directory.
    """
    return [layout.name or _own_name(root) for layout in _layouts(root)]


def _layouts(root: Path) -> list[Layout]:
    index = root / "voices" / "voices.json"
    if index.is_file():
        names = _indexed(index)
    else:
        names = sorted(path.name for path in (root / "voices").glob("*") if (path / "am").is_dir())
    if names:
        return [layouts.of_library(name, _folder(root, name)) for name in names]
    if (root / "am").is_dir():
        return [layouts.of_library(_own_name(root), Path())]
    # A directory has one voice in the other layouts: the most personal of them.
    return list(layouts.others(root))[:1]


def _indexed(index: Path) -> list[str]:
    names = safe_files.read_yaml(index).get("voices")
    if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
        raise CheckpointError(f"{index}: key voices is no list of names; {safe_files.AGAIN}")
    for name in names:
        if Path(name).name != name:
            raise CheckpointError(f"{index}: voices: {name!r} is a path, not a name; refused")
    return names


def _folder(root: Path, name: str) -> Path:
    folder = Path("voices") / name
    return Path() if not (root / folder).is_dir() and (root / "am").is_dir() else folder


def _own_name(root: Path) -> str:
    return root.resolve().name


def find_files(root: Path, voice: str | None = None) -> VoiceFiles:
    """The files of one voice of a model directory, by default the first.

    Raises:
        CheckpointError: The voice or one of its files is missing.
    """
    found = {layout.name or _own_name(root): layout for layout in _layouts(root)}
    if not found:
        raise CheckpointError(
            f"{root}: no voices/<name>/am, no basemodel_16k and no tmp_am in it; is it a Sambert"
            " model?"
        )
    name = voice or next(iter(found))
    if name not in found:
        raise CheckpointError(f"{root}: no voice {name!r}; there are {', '.join(found)}")
    layout = found[name]
    acoustic, vocoder = _trained(root, layout.acoustic), _trained(root, layout.vocoder)
    return VoiceFiles(
        name=name,
        acoustic_config=safe_files.inside(root, acoustic / "config.yaml"),
        acoustic=_newest_checkpoint(root, acoustic),
        vocoder_config=safe_files.inside(root, vocoder / "config.yaml"),
        vocoder=_newest_checkpoint(root, vocoder),
        audio_config=_first(root, layout.audio),
        speaker_embedding=_first(root, layout.speaker),
        f0_statistics=_first(root, layout.f0),
        notes=_optional(root, acoustic.parent / NOTES_FILE) or _optional(root, Path(NOTES_FILE)),
    )


def _trained(root: Path, folders: tuple[Path, ...]) -> Path:
    """The first folder with checkpoints; the last where none has any."""
    return next(
        (part for part in folders if any((root / part / "ckpt").glob("*.pth"))), folders[-1]
    )


def _first(root: Path, patterns: tuple[str, ...]) -> Path | None:
    found = (path for pattern in patterns for path in sorted(root.glob(pattern)))
    return next((_optional(root, path.relative_to(root)) for path in found), None)


def _optional(root: Path, relative: Path) -> Path | None:
    path = safe_files.inside(root, relative)
    return path if path.is_file() else None


def _newest_checkpoint(root: Path, part: Path) -> Path:
    """`ckpt/checkpoint_N.pth` with the highest N."""
    folder = safe_files.inside(root, part / "ckpt")
    numbered = [
        (int(match[1]), path)
        for path in folder.glob("checkpoint_*.pth")
        if (match := re.fullmatch(r"checkpoint_(\d+)\.pth", path.name))
    ]
    if not numbered:
        raise CheckpointError(f"{folder}: no checkpoint_N.pth; {safe_files.AGAIN}")
    return safe_files.inside(root, max(numbered)[1].relative_to(root.resolve()))
