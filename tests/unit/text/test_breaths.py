"""Breaths inside long phrases, and telephone numbers and decimals in groups."""

from __future__ import annotations

import pytest

from tts_daemon.domain import Style
from tts_daemon.text.passage import Passage
from tts_daemon.text.phrasing import Phrasing
from tts_daemon.text.sentences import Limits, split


@pytest.fixture(scope="module")
def phrasing() -> Phrasing:
    return Phrasing()


def _said(phrasing: Phrasing, spoken: str) -> str:
    return "".join(
        f"{item.text}{'|' if item.break_level > 1 else ' '}" for item in phrasing.read(spoken)
    )


def test_a_long_phrase_gets_a_breath_before_what_joins(phrasing: Phrasing) -> None:
    said = _said(phrasing, "我们明天早上八点在小区门口集合然后一起坐大巴车去郊外采摘草莓")
    assert "|然后" in said


def test_a_short_phrase_gets_none(phrasing: Phrasing) -> None:
    assert _said(phrasing, "我们明天早上八点在小区门口集合").count("|") == 1


def test_no_stretch_is_longer_than_a_breath(phrasing: Phrasing) -> None:
    spoken = (
        "请把客厅卧室厨房和书房的灯以及走廊尽头那盏小夜灯都关掉然后把空调调到二十六度再把窗帘拉上"
    )
    assert max(len(part.replace(" ", "")) for part in _said(phrasing, spoken).split("|")) <= 22


@pytest.mark.parametrize(
    ("spoken", "words"),
    [
        ("四零零八幺零八八八八", ["四零零", "八幺零", "八八八八"]),
        ("幺三八幺二三四五六七八", ["幺三八", "幺二三四", "五六七八"]),
        (
            "三点一四一五九二六五三五八九七九三",
            ["三点一四一", "五九二六", "五三五八", "九七九三"],
        ),
        ("乒乓球拍卖完了", ["乒乓", "球拍", "卖完了"]),
        ("羽毛球拍卖光了", ["羽毛", "球拍", "卖光了"]),
    ],
)
def test_groups(phrasing: Phrasing, spoken: str, words: list[str]) -> None:
    assert [item.text for item in phrasing.read(spoken)] == words


def test_a_clause_is_cut_before_what_joins() -> None:
    text = "客厅的灯已经全部打开了卧室的空调也已经调到了二十六度和书房的窗帘现在都已经关好"
    first, second = split(Passage(text, Style()), Limits(longest=30))
    assert second.text.startswith("和书房")
    assert first.text + second.text == text
