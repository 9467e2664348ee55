"""A text in pieces reads as the whole text does, however it is cut."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tts_daemon.domain import Clause, Style
from tts_daemon.ports import SoFar
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.growing import GrowingText

WORDS = [
    "你好", "今天3.5度", "OK", "Mr. Li", "https://a.cn/x?y", "我去1,000米", " then", "好的",
    "。", "！", "？”", "。。。", "……", "...", ". ", "; ", "?", "；", "，", "\n", "\n\n", " ",
    "”", "）", "~", "“", "[emotion=sad]", "[/emotion]", "[pause=500ms]", "[speed=0.8]", "[注]",
    "[py=chong2]", "重", "[/py]", "[preset=x]", "<think>", "</think>", "<b>", "</b>", "```\n",
    "- 一项", "**重点**", "&amp;", "😀", "\\n",
]  # fmt: skip
LONG = (
    "重庆的天气很好。[emotion=sad]我不去！[py=chong2]重[/py]来一次？“好。”他说……然后走了。\n\n"
    "- 一项\n- 两项\nOK. 再见。"
)


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend(resolve_preset=lambda _: Style(emotion="happy"))


def whole(frontend: Frontend, text: str) -> list[Clause]:
    return list(frontend.read(text, Style(), warn=_ignore))


def in_pieces(frontend: Frontend, pieces: Iterable[str]) -> list[Clause]:
    growing, so_far = GrowingText(), SoFar()
    clauses: list[Clause] = []
    for stretch in (*map(growing.add, pieces), growing.finish()):
        clauses += frontend.read(stretch, Style(), warn=_ignore, so_far=so_far)
    return clauses


def _ignore(_: str) -> None:
    pass


@pytest.mark.parametrize("text", [LONG, "<speak><p>你好。再见。</p>好。</speak>"])
def test_a_text_cut_after_every_character(frontend: Frontend, text: str) -> None:
    assert in_pieces(frontend, text) == whole(frontend, text)


@pytest.mark.parametrize("at", range(1, len(LONG)))
def test_a_text_cut_once_anywhere(frontend: Frontend, at: int) -> None:
    assert in_pieces(frontend, [LONG[:at], LONG[at:]]) == whole(frontend, LONG)


@given(st.lists(st.sampled_from(WORDS), max_size=14), st.randoms(use_true_random=False))
@example(["好的", "。。。", "\n", "你好", "。", "你好"], random.Random(1))
@example(["。", "[/emotion]", " ", "你好"], random.Random(0))
@example(["\\n", "Mr. Li"], random.Random(0))
@example(["你好", "```\n", "```\n", "你好"], random.Random(0))
@example(["你好", "; ", "“", "\\n"], random.Random(0))
@example(["OK", ". ", "\n", " then", "。", "你好"], random.Random(1))
def test_any_text_cut_anyhow(frontend: Frontend, words: list[str], chance: random.Random) -> None:
    text = "".join(words)
    ends = sorted(chance.sample(range(len(text) + 1), chance.randint(0, len(text))))
    pieces = [text[a:b] for a, b in itertools.pairwise([0, *ends, len(text)])]
    assert in_pieces(frontend, pieces) == whole(frontend, text)


@pytest.mark.parametrize(
    ("pieces", "stretches"),
    [
        (["你好", "。", "我是"], ["", "", "你好。"]),
        (["他说：“走。", "”", "然后"], ["", "", "他说：“走。”"]),
        (["3.", "5度。今"], ["", "3.5度。"]),
        (["OK. Go", "."], ["OK. ", ""]),
        (["一。二。三"], ["一。二。"]),
        (["好。", "[emotion=", "sad]", "走"], ["", "", "", "好。"]),
        (["要点：\n- ", "一\n- 二"], ["", "要点：\n- 一\n"]),
    ],
)
def test_a_sentence_is_whole_when_another_begins(pieces: list[str], stretches: list[str]) -> None:
    growing = GrowingText()
    assert [growing.add(piece) for piece in pieces] == stretches
    assert growing.waiting == len("".join(pieces)) - len("".join(stretches))


@given(st.lists(st.text(alphabet="好a1。！？.\n ”[<", max_size=6)))
def test_nothing_is_lost_and_nothing_comes_twice(pieces: list[str]) -> None:
    growing = GrowingText()
    assert "".join([*map(growing.add, pieces), growing.finish()]) == "".join(pieces)
