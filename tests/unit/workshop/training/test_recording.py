"""A corpus on disk, without the teacher: resumed, levelled, and as the trainers read it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tts_daemon.workshop.training.corpus.labels import labels_of, usable
from tts_daemon.workshop.training.teacher.curriculum import Prompt
from tts_daemon.workshop.training.teacher.phones import Script
from tts_daemon.workshop.training.teacher.recording import levelled, make_corpus
from tts_daemon.workshop.training.teacher.teacher import Reading, Teacher, TeacherStyle

TASKS = [Prompt("你好。"), Prompt("妈。", ("ma4",)), Prompt("今天用USB，对不对？")]


class ParrotTeacher(Teacher):
    """Ten frames a phone, and a hum."""

    def __init__(self) -> None:
        self.read_count = 0

    def read(self, script: Script, style: TeacherStyle) -> Reading:
        self.read_count += 1
        durations = np.array([0 if phone.symbol.sy == "#1" else 10 for phone in script.phones])
        frames = int(durations.sum()) + 12
        waveform = np.sin(np.arange(frames * 300) / 10).astype(np.float32)
        return Reading(waveform, 12, durations, np.full(frames, 200.0), np.zeros(frames))


def record(target: Path, tasks: list[Prompt]) -> ParrotTeacher:
    teacher = ParrotTeacher()
    make_corpus(teacher, tasks, target, lambda _line: None)
    return teacher


def test_a_corpus_is_resumed_where_it_was_cut_off(tmp_path: Path) -> None:
    record(tmp_path, TASKS)
    labels = tmp_path / "labels.jsonl"
    whole = labels.read_text(encoding="utf-8")
    labels.write_text(whole[:-20], encoding="utf-8")
    assert record(tmp_path, TASKS).read_count == 1
    assert labels.read_text(encoding="utf-8") == whole


def test_tasks_may_be_added_anywhere(tmp_path: Path) -> None:
    record(tmp_path, TASKS)
    assert record(tmp_path, [Prompt("再见。"), *TASKS]).read_count == 1


def test_it_stops_when_it_is_told_to(tmp_path: Path) -> None:
    teacher = ParrotTeacher()
    make_corpus(teacher, TASKS, tmp_path, lambda _line: None, lambda: teacher.read_count == 2)
    assert teacher.read_count == 2


def test_its_labels_are_what_the_trainers_read(tmp_path: Path) -> None:
    record(tmp_path, TASKS)
    lines = (tmp_path / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    for stored in records:
        (label,) = labels_of(stored, lambda _text: None)
        assert usable(label)
        assert label.sy[-1] == "#4"
        assert sum(label.durations) == label.frames
        info = soundfile.info(tmp_path / stored["file"])
        assert (info.samplerate, info.frames) == (24000, 300 * sum(stored["durations"]))
    assert records[1]["tones"] == ["tone_none", "tone4", "tone4", "tone_none"]
    assert [stored["kind"] for stored in records] == [None, None, "choice"]


def test_silence_does_not_make_an_utterance_louder() -> None:
    sound = 0.02 * np.sin(np.arange(6000) / 5).astype(np.float32)
    padded = np.concatenate([np.zeros(24000, np.float32), sound])
    assert np.abs(levelled(padded)).max() == pytest.approx(np.abs(levelled(sound)).max(), rel=0.02)
    assert np.abs(levelled(np.sign(sound))).max() <= 0.95
    assert not levelled(np.zeros(3000, np.float32)).any()
