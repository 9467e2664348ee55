"""Words to prosodic words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.text.phrasing import Phrasing, regroup
from tts_daemon.text.prosody import prosodic_words
from tts_daemon.text.reading import Syllable, Word

Tagged = tuple[str, str]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([("我们", "r"), ("的", "uj"), ("生活", "n")], ["我们的", "生活"]),
        ([("是", "v"), ("个", "q"), ("好日子", "l")], ["是个", "好日子"]),
        ([("桌子", "n"), ("上", "f"), ("放", "v"), ("着", "uz")], ["桌子上", "放着"]),
        ([("不", "d"), ("去", "v")], ["不去"]),
        ([("二十六", "m"), ("度", "q")], ["二十六度"]),
        ([("一", "m"), ("小时", "n")], ["一小时"]),
        ([("能", "v"), ("不", "d"), ("能", "v")], ["能不能"]),
        ([("搬", "v"), ("不动", "v")], ["搬不动"]),
        ([("百分之四十五", "m")], ["百分之", "四十五"]),
        ([("千里之行", "i")], ["千里", "之行"]),
        ([("日新月异", "i")], ["日新月异"]),
        ([("用", "p"), ("iPhone", "eng"), ("听", "v")], ["用", "iPhone", "听"]),
        ([], []),
    ],
)
def test_groups(words: list[Tagged], expected: list[str]) -> None:
    assert prosodic_words(words) == expected


def test_long_words_are_cut_into_words() -> None:
    known = {"今天", "天气", "扫地", "机器人"}.__contains__
    assert prosodic_words([("今天天气", "n")], known) == ["今天", "天气"]
    assert prosodic_words([("扫地机器人", "n")], known) == ["扫地", "机器人"]


TAGS = st.sampled_from(["n", "v", "a", "m", "q", "r", "d", "uj", "f", "eng", "x", "i", "nr"])
TEXTS = st.text("的不一个人上三里点天地我之", min_size=1, max_size=9)


@given(st.lists(st.tuples(TEXTS, TAGS), max_size=12))
def test_nothing_is_lost(words: list[Tagged]) -> None:
    assert "".join(prosodic_words(words)) == "".join(text for text, _ in words)


def test_predictor_may_cut_inside_a_word() -> None:
    word = Word("天安门儿", "ns", 0, [Syllable(c, "a", 1) for c in ("天", "安", "门儿")])
    groups = list(regroup([word], ["天", "安门儿"]))
    assert [group.text for group in groups] == ["天", "安门儿"]
    assert [len(group.syllables) for group in groups] == [1, 2]


class OneByOne:
    """A predictor that breaks after every word."""

    def prosodic_words(self, words: Sequence[Tagged]) -> list[str]:
        return [text for text, _ in words]


def test_predictor_takes_the_rules_place() -> None:
    read = Phrasing(prosody=OneByOne()).read("我们的家，离学校远。")
    assert [(item.text, item.break_level) for item in read] == [
        ("我们", 1),
        ("的", 1),
        ("家", 3),
        ("离", 1),
        ("学校", 1),
        ("远", 4),
    ]
