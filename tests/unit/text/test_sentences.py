import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.domain import Style
from tts_daemon.text.normalize import Pronunciation
from tts_daemon.text.passage import Passage
from tts_daemon.text.sentences import Limits, split, syllables


def _split(text: str, limits: Limits | None = None, *, first: bool = False) -> list[str]:
    return [part.text for part in split(Passage(text, Style()), limits, first=first)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("今天晴。明天雨！后天呢？", ["今天晴。", "明天雨！", "后天呢？"]),
        ("您好！！！请问……有人在家吗？？", ["您好！！！", "请问……有人在家吗？？"]),
        ("“走吧。”他说。", ["“走吧。”", "他说。"]),
        ("温度26.5℃，共1,234.5元;好", ["温度26.5℃，共1,234.5元;", "好"]),
        ("打开https://a.cn/?b=1;c。好", ["打开https://a.cn/?b=1;c。", "好"]),
        ("a&lt;b&gt;c", ["a&lt;b&gt;c"]),
        ("第一行\n\n第二行", ["第一行\n\n", "第二行"]),
        ("太好了！😀🎉明天见", ["太好了！😀🎉", "明天见"]),
        ("Good morning. Nice day.", ["Good morning. ", "Nice day."]),
        ("。。。\n！", []),
    ],
)
def test_ends_of_sentences(text: str, sentences: list[str]) -> None:
    assert _split(text) == sentences


def test_first_clause_is_cut_at_its_first_pause() -> None:
    text = "现在为您播报今天的天气，白天晴，最高气温二十六度，夜间多云。明天有雨，记得带伞。"
    assert _split(text, first=True)[0] == "现在为您播报今天的天气，"
    assert len(_split(text)) == 2
    assert len(_split(text, Limits(first=0), first=True)) == 2


def test_short_first_sentence_is_not_cut() -> None:
    assert _split("好的，马上来。", first=True) == ["好的，马上来。"]


def test_long_sentence_is_cut_at_pauses() -> None:
    text = "，".join(["今天天气很好我们去公园"] * 10) + "。"
    parts = _split(text, Limits(longest=40))
    assert "".join(parts) == text
    assert all(part[-1] in "，。" for part in parts)
    assert all(sum(map(syllables, part)) <= 40 for part in parts)


@pytest.mark.parametrize("text", ["哈" * 500, "1" * 500, "a" * 500, "1," * 300, "A1-" * 200])
def test_text_without_pauses_is_cut_all_the_same(text: str) -> None:
    parts = _split(text)
    assert "".join(parts) == text
    assert all(sum(map(syllables, part)) <= 120 for part in parts)


def test_times_and_numbers_are_not_cut() -> None:
    parts = _split("会议改到下午14：30，" * 20, Limits(longest=24), first=True)
    assert all(part == "会议改到下午14：30，" for part in parts)


def test_pause_stays_with_the_first_clause() -> None:
    parts = split(Passage("好。再见。", Style(), 0.5))
    assert [part.pause_before_s for part in parts] == [0.5, 0.0]
    assert split(Passage("", Style(), 0.5)) == [Passage("", Style(), 0.5)]
    assert split(Passage(" \n", Style())) == []


def test_pronunciations_move_with_their_clause() -> None:
    text = "你好。重庆下雨。"
    passage = Passage(text, Style(), 0.0, (Pronunciation(3, 4, ("chong2",)),))
    first, second = split(passage)
    assert first.pronunciations == ()
    assert second.pronunciations == (Pronunciation(0, 1, ("chong2",)),)


@given(st.text(alphabet="你好。，！？…\n 1a.:;-😀&\ud800", max_size=200), st.booleans())
def test_no_text_is_lost(text: str, first: bool) -> None:
    parts = _split(text, Limits(longest=10, first=6, shortest=2), first=first)
    rest = text
    for part in parts:
        skipped, found, rest = rest.partition(part)
        assert found
        assert not any(char.isalnum() for char in skipped)
    assert not any(char.isalnum() for char in rest)
