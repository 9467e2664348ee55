"""Spoken text to words."""

from __future__ import annotations

import pytest

from tts_daemon.text.segmenter import Segmenter


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter([("长按", "v"), ("扫地机器人", "n")])


def _cut(segmenter: Segmenter, text: str) -> list[str]:
    return [word.text for word in segmenter.words(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("今天天气好。", ["今天", "天气", "好", "。"]),
        ("长按电源键", ["长按", "电源", "键"]),
        ("用iPhone听歌", ["用", "iPhone", "听歌"]),
        ("Let's go", ["Let's", "go"]),
        ("二十六点五度", ["二十六点五", "度"]),
        ("百分之四十五", ["百分之四十五"]),
        # jieba alone invents the words 地去 and 他会.
        ("高兴地去", ["高兴", "地", "去"]),
        # 把门 is a word of its dictionary, 草长 an invented one.
        ("把门关好", ["把", "门", "关好"]),
        ("草长出来了", ["草", "长", "出来", "了"]),
        # A unit keeps its 千, a time its minutes, a code its digits.
        ("四十五点六千瓦", ["四十五点六", "千瓦"]),
        ("十点一刻", ["十点", "一刻"]),
        ("幺三八零零幺三八", ["幺三八零零幺三八"]),
    ],
)
def test_words(segmenter: Segmenter, text: str, words: list[str]) -> None:
    assert _cut(segmenter, text) == words


def test_offsets_find_the_word_again(segmenter: Segmenter) -> None:
    text = "把 iPhone 放下，二十六点五度。"
    for word in segmenter.words(text):
        assert text[word.start : word.start + len(word.text)] == word.text


def test_added_word_stays_whole(segmenter: Segmenter) -> None:
    segmenter.add("爱芯元智")
    assert "爱芯元智" in _cut(segmenter, "欢迎使用爱芯元智系统")
    assert segmenter.is_word("爱芯元智")
