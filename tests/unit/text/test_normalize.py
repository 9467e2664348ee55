import logging
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.text.normalize import Pronunciation, Ways, normalize, read_as, steps
from tts_daemon.text.normalize.pipeline import RULES

# Pieces that rules look for; put together at random they find what single rows do not.
PIECES = st.sampled_from(
    [
        *"0123456789.,:;-~—/%℃°+×=<>()（）[]*_#@&|$¥²\"'， \n",
        *("12", "2025", "-5", "3.5", "km/h", "GB", "年", "月", "日", "周", "点", "分", "到", "个"),
        *(
            "电话",
            "验证码",
            "比分",
            "PM",
            "https://",
            "www.a.com",
            "a@b.cn",
            "😀",
            "☀️",
            "1️⃣",
            "&lt;",
        ),
        *(
            "\ud800",
            "\ue000",
            "\x00",
            "\u200d",
            "臺灣",
            "の",
            "IV",
            "iPhone15",
            "**",
            "```",
            "</b>",
        ),
    ]
)


def _only_spoken(text: str) -> bool:
    return all(
        char in "，。！？、；：… '" or (char.isascii() and char.isalpha()) or ord(char) >= 0x3007
        for char in text
    )


@given(st.lists(PIECES, max_size=40).map("".join))
def test_pieces_of_writing_are_read(text: str) -> None:
    normalized = normalize(text)
    assert _only_spoken(normalized.text)
    assert not any(char.isdigit() for char in normalized.text)


@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_string_is_read(text: str) -> None:
    normalized = normalize(text)
    assert _only_spoken(normalized.text)
    assert normalized.skipped <= len(text) + text.count("&")


def test_what_is_skipped_is_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        normalized = normalize("你好\ud800\x00안녕")
    assert normalized.text == "你好"
    assert normalized.skipped == 4
    assert "skipped 4" in caplog.text


def test_nothing_is_logged_when_everything_is_read(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert normalize("客厅26.5℃，湿度45%。").skipped == 0
    assert not caplog.records


def test_given_pronunciation_keeps_its_place() -> None:
    text = "26℃时重庆3个人"
    start = text.index("重")
    given_ = Pronunciation(start, start + 1, ("chong2",))
    normalized = normalize(text, [given_])
    assert normalized.text == "二十六摄氏度时重庆三个人"
    (placed,) = normalized.pronunciations
    assert normalized.text[placed.start : placed.end] == "重"
    assert placed.syllables == ("chong2",)


def test_given_pronunciation_of_a_digit() -> None:
    normalized = normalize("1楼", [Pronunciation(0, 1, ("yao1",))])
    assert normalized.text == "一楼"
    assert normalized.pronunciations == (Pronunciation(0, 1, ("yao1",)),)


def test_pronunciation_that_does_not_fit_is_left_out() -> None:
    normalized = normalize("12楼", [Pronunciation(0, 2, ("yao1",))])
    assert normalized.text == "十二楼"
    assert normalized.pronunciations == ()


def test_private_code_points_are_not_taken_for_pronunciations() -> None:
    normalized = normalize("\ue000重", [Pronunciation(1, 2, ("chong2",))])
    assert normalized.text == "重"
    assert normalized.skipped == 1
    assert normalized.pronunciations == (Pronunciation(0, 1, ("chong2",)),)


def test_steps_name_the_rules_in_their_order() -> None:
    names = [name for name, _ in steps("臺北26℃，３个")]
    assert names == ["characters", "simplified", "number with unit", "number"]


@pytest.mark.parametrize(
    ("text", "interpretation", "spoken"),
    [
        ("2026", "digits", "二零二六"),
        ("2026", "cardinal", "两千零二十六"),
        ("3", "ordinal", "第三"),
        ("+86 138-0013-8000", "telephone", "加八六幺三八零零幺三八零零零"),
        ("WiFi", "characters", "W I F I"),
        ("20251122", "date", "二零二五年十一月二十二日"),
        ("11-22", "date", "十一月二十二日"),
        ("2025-11", "date", "二零二五年十一月"),
        ("14.30", "time", "十四点三十分"),
        ("99.50", "currency", "九十九点五元"),
        ("$5", "currency", "五美元"),
    ],
)
def test_say_as(text: str, interpretation: str, spoken: str) -> None:
    assert read_as(text, interpretation) == spoken


def test_what_has_no_reading_is_named() -> None:
    normalized = normalize("龴字和한。")
    assert normalized.text == "字和。"
    assert set(normalized.dropped) == {"龴", "한"}


def test_ways_choose_between_right_readings() -> None:
    written = "门 closed，糖3kg，路10km"
    assert normalize(written).text == "门已关闭，糖三公斤，路十公里"
    ways = Ways(si_units=True, english_states=True)
    assert normalize(written, ways=ways).text == "门closed，糖三千克，路十千米"


def test_say_as_of_no_known_kind() -> None:
    assert read_as("1", "colour") is None


def test_the_page_lists_the_rules_in_their_order() -> None:
    page = Path(__file__).parents[3] / "docs" / "text-frontend.md"
    section = (
        page.read_text(encoding="utf-8").partition("## Normalisation")[2].partition("\n## ")[0]
    )
    blocks = re.findall(r"````text\n(.*?)````", section, re.DOTALL)
    listed = [line.partition(":")[0] for block in blocks for line in block.splitlines()]
    assert listed == list(dict.fromkeys(rule.name for rule in RULES))
