"""Where the files of published voices lie.

The layout is that of ModelScope's Sambert + HiFi-GAN voices: `voices/<name>/am` and
`voices/<name>/voc`, or `voices.zip` with the same, or (personal voices) the files under any names.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.checkpoints import safe_files

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
    index = root / "voices" / "voices.json"
    if not index.is_file():
        found = sorted(p.name for p in (root / "voices").glob("*") if (p / "am").is_dir())
        return found or ([root.name] if (root / "am").is_dir() else [])
    names = safe_files.read_yaml(index).get("voices")
    if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
        raise CheckpointError(f"{index}: key voices is no list of names; {safe_files.AGAIN}")
    for name in names:
        if Path(name).name != name:
            raise CheckpointError(f"{index}: voices: {name!r} is a path, not a name; refused")
    return names


def find_files(root: Path, voice: str | None = None) -> VoiceFiles:
    """The files of one voice of a model directory, by default the first.

    Raises:
        CheckpointError: The voice or one of its files is missing.
    """
    names = list_voices(root)
    if not names:
        raise CheckpointError(f"{root}: no voices/<name>/am in it; is it a Sambert model?")
    name = voice or names[0]
    if name not in names:
        raise CheckpointError(f"{root}: no voice {name!r}; there are {', '.join(names)}")
    folder = Path("voices") / name
    if not (root / folder).is_dir() and (root / "am").is_dir():
        folder = Path()
    return VoiceFiles(
        name=name,
        acoustic_config=safe_files.inside(root, folder / "am" / "config.yaml"),
        acoustic=_newest_checkpoint(root, folder / "am"),
        vocoder_config=safe_files.inside(root, folder / "voc" / "config.yaml"),
        vocoder=_newest_checkpoint(root, folder / "voc"),
        audio_config=_optional(root, folder / "audio_config.yaml"),
        speaker_embedding=_optional(root, folder / "am" / "se.npy"),
        f0_statistics=_optional(root, folder / "am" / "mvn.npy"),
        notes=_optional(root, folder / NOTES_FILE) or _optional(root, Path(NOTES_FILE)),
    )


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
