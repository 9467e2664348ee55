"""The ways in which published models lay their files out, each as a list of places.

voices/NAME/{am,voc}                          voices of ModelScope's library, one or several
{am,voc}                                      one of them by itself
basemodel_16k/{sambert,hifigan}               base models, multi-speaker models, dialects
tmp_am, tmp_voc, orig_model/basemodel_16k     what a personal training leaves behind
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BASE = "basemodel_*"
_AUDIO = ("audio_config.yaml", "audio_config*.yaml")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the files of one voice may lie, relative to the model directory.

    Attributes:
        name: Of the voice; empty for that of the directory.
        acoustic, vocoder: Directories with `config.yaml` and `ckpt/`; the first that has
            checkpoints counts.
        audio, speaker, f0: Patterns of `audio_config.yaml`, `se.npy` and `mvn.npy`; the first file
            counts.
    """

    name: str
    acoustic: tuple[Path, ...]
    vocoder: tuple[Path, ...]
    audio: tuple[str, ...]
    speaker: tuple[str, ...]
    f0: tuple[str, ...]


def of_library(name: str, folder: Path) -> Layout:
    """A voice of `voices/`, or one that lies there by itself."""
    acoustic = folder / "am"
    return Layout(
        name=name,
        acoustic=(acoustic,),
        vocoder=(folder / "voc",),
        audio=(str(folder / "audio_config.yaml"),),
        speaker=(str(acoustic / "se.npy"),),
        f0=(str(acoustic / "mvn.npy"),),
    )


def others(root: Path) -> Iterator[Layout]:
    """The other layouts that a directory has, the most personal first."""
    for work in (Path(), Path("pretrain_work_dir")):
        if (root / work / "tmp_am").is_dir():
            yield _personal(root, work)
    for base in _bases(root, Path()):
        yield _base(base)
    if (root / "sambert").is_dir() and (root / "hifigan").is_dir():
        yield _base(Path())


def _bases(root: Path, folder: Path) -> list[Path]:
    found = sorted(path.parent.relative_to(root) for path in root.glob(f"{folder}/{BASE}/sambert"))
    # Of what was trained on none but the vocoder may be kept.
    return found or sorted(
        path.parent.relative_to(root) for path in root.glob(f"{folder}/{BASE}/hifigan")
    )


def _base(base: Path) -> Layout:
    acoustic = base / "sambert"
    places = (acoustic, base, base / "speaker_embedding")
    return Layout(
        name="",
        acoustic=(acoustic,),
        vocoder=(base / "hifigan",),
        audio=tuple(str(folder / name) for folder in (base, acoustic) for name in _AUDIO),
        speaker=tuple(str(folder / "se.npy") for folder in places),
        f0=tuple(str(folder / "mvn.npy") for folder in places),
    )


def _personal(root: Path, work: Path) -> Layout:
    """Fine-tuned by ModelScope's trainer; without a vocoder of its own it has the base model's."""
    bases = _bases(root, work / "orig_model") or [work / "orig_model" / "basemodel_16k"]
    data, acoustic = work / "data", work / "tmp_am"
    return Layout(
        name="",
        acoustic=(acoustic,),
        vocoder=(work / "tmp_voc", *(base / "hifigan" for base in bases)),
        audio=tuple(str(data / name) for name in _AUDIO),
        speaker=(str(data / "se" / "se.npy"), str(acoustic / "se.npy")),
        f0=tuple(str(place / "mvn.npy") for place in (acoustic, data, data / "mvn", data / "f0")),
    )
