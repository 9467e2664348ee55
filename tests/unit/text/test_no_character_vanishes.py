"""Every Chinese character of the spoken text has one syllable, whatever stands around it."""

from __future__ import annotations

import re

import pytest

from tts_daemon.text import tables
from tts_daemon.text.frontend import Frontend

FRAMES = ("他说{}字", "{}的电话", "王{}是老师", "李小{}到了", "去{}县", "{}{}")
_HAN = re.compile("[㐀-鿿\U00020000-\U000323af]")
_LINE = 40


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend()


def _characters() -> list[str]:
    return [chr(code) for code in range(0x4E00, 0xA000) if tables.characters().get(chr(code))]


@pytest.mark.parametrize("frame", FRAMES)
def test_every_character_is_heard(frontend: Frontend, frame: str) -> None:
    """A sample here, 1 of 23; each phrase stands between pauses, so that one text holds many."""
    sample = _characters()[FRAMES.index(frame) :: 23]
    for start in range(0, len(sample), _LINE):
        text = "，".join(frame.replace("{}", char) for char in sample[start : start + _LINE])
        for clause in frontend.read(text):
            coloured = sum(
                syllable[-2] == "r" and syllable[:2] != "er" for syllable in clause.pinyin
            )
            assert len(clause.pinyin) + coloured == len(_HAN.findall(clause.spoken)), clause.spoken


def test_kana_and_cantonese_are_read(frontend: Frontend) -> None:
    (clause,) = frontend.read("佢喺度食咗饭，唱カラオケ。")
    assert clause.dropped == ()
    assert " ".join(clause.pinyin) == "qu2 xi2 du4 shi2 zuo5 fan4 chang4 ka3 la1 o4 kai3"


def test_what_cannot_be_read_is_named(frontend: Frontend) -> None:
    (clause,) = frontend.read("龴字和한。")
    assert set(clause.dropped) == {"龴", "한"}
    assert clause.spoken == "字和。"
