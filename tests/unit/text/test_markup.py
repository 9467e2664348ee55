from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.domain import Style
from tts_daemon.errors import TextError
from tts_daemon.text.markup import parse
from tts_daemon.text.normalize import Pronunciation
from tts_daemon.text.passage import Passage

BASE = Style(emotion="neutral", speed=1.1, volume=80.0)
PRESETS = {"night": Style(emotion="calm", volume=30.0)}


def _resolve(name: str) -> Style:
    if name not in PRESETS:
        raise TextError(f"no preset {name!r}")
    return PRESETS[name]


def _parse(text: str) -> tuple[list[Passage], list[str]]:
    warnings: list[str] = []
    return parse(text, BASE, _resolve, warnings.append), warnings


def test_plain_text_is_one_passage() -> None:
    assert _parse("你好，[世界]。") == ([Passage("你好，[世界]。", BASE)], [])


def test_emotion_until_it_is_closed() -> None:
    passages, warnings = _parse("好。[emotion=sad]今天心情不好。[/emotion]好了。")
    assert [(item.text, item.style.emotion) for item in passages] == [
        ("好。", "neutral"),
        ("今天心情不好。", "sad"),
        ("好了。", "neutral"),
    ]
    assert warnings == []


def test_emotion_with_its_intensity() -> None:
    (passage,), _ = _parse("[emotion=happy:0.5]好")
    assert passage.style == replace(BASE, emotion="happy", intensity=0.5)


def test_preset_takes_the_place_of_the_style() -> None:
    passages, _ = _parse("[preset=night]晚安[/preset]早")
    assert [item.style for item in passages] == [PRESETS["night"], BASE]


@pytest.mark.parametrize(
    ("tag", "field", "value"),
    [
        ("[speed=0.8]", "speed", 0.8),
        ("[speed=120%]", "speed", 1.2),
        ("[pitch=-2]", "pitch", -2.0),
        ("[volume=50%]", "volume", 50.0),
        ("[energy=1]", "energy", 1.0),
        ("[voice=zhitian]", "voice", "zhitian"),
        ("[speed = 0.8]", "speed", 0.8),
    ],
)
def test_fields_of_the_style(tag: str, field: str, value: float | str) -> None:
    (passage,), warnings = _parse(f"{tag}好")
    assert getattr(passage.style, field) == value
    assert warnings == []


@pytest.mark.parametrize(
    ("tag", "part"),
    [
        ("[speed=fast]", "not a number"),
        ("[pause=long]", "not a duration"),
        ("[preset=day]", "no preset"),
        ("[py=chong]", "not pinyin"),
    ],
)
def test_wrong_value_is_left_out_with_a_warning(tag: str, part: str) -> None:
    passages, (warning,) = _parse(f"{tag}好")
    assert passages == [Passage("好", BASE)]
    assert part in warning
    assert tag in warning


def test_value_out_of_range_is_taken_to_the_nearest() -> None:
    (passage,), (warning,) = _parse("[speed=9]好")
    assert passage.style.speed == 2.0
    assert "0.5 to 2" in warning


def test_pauses() -> None:
    passages, _ = _parse("一[pause=500ms]二[pause=1.5s][pause=200]三[pause=99s]")
    assert [(item.text, item.pause_before_s) for item in passages] == [
        ("一", 0.0),
        ("二", 0.5),
        ("三", 1.7),
        ("", 10.0),
    ]


def test_pronunciation() -> None:
    passages, _ = _parse("去[py=chong2]重[/py]庆，[py=lü4 se4]绿色[/py]")
    assert passages == [
        Passage(
            "去重庆，绿色",
            BASE,
            0.0,
            (Pronunciation(1, 2, ("chong2",)), Pronunciation(4, 6, ("lv4", "se4"))),
        )
    ]


def test_pronunciation_of_another_length_is_left_out() -> None:
    (passage,), (warning,) = _parse("[py=chong2]重庆[/py]")
    assert passage.pronunciations == ()
    assert "重庆" in warning


def test_pronunciation_after_a_change_of_style() -> None:
    passages, _ = _parse("好[emotion=sad][py=chong2]重[/py]来")
    assert passages[1].pronunciations == (Pronunciation(0, 1, ("chong2",)),)


@given(
    st.lists(
        st.sampled_from(
            [
                "[emotion=sad]",
                "[/emotion]",
                "[py=a1]",
                "[/py]",
                "[pause=1s]",
                "[speed=x]",
                "[",
                "]",
                "重",
                "\n",
            ]
        )
    ).map("".join)
)
def test_tags_in_any_order_lose_no_text(text: str) -> None:
    passages, _ = _parse(text)
    assert "".join(item.text for item in passages).count("重") == text.count("重")
    for item in passages:
        assert all(0 <= span.start < span.end <= len(item.text) for span in item.pronunciations)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("<think>先查天气</think>今天晴。", "今天晴。"),
        ("<answer>今天晴。</answer>", "今天晴。"),
        ("<b>今天</b>晴。", "<b>今天</b>晴。"),
        ("3<5，5>4", "3<5，5>4"),
        (r"第一行\n第二行", "第一行\n第二行"),
        (r"C:\new\notes", r"C:\new\notes"),
        (r"a \neq b", r"a \neq b"),
        ("看：\n```python\nprint(1)\n```\n好了。", "看：\n\n代码略。\n\n好了。"),
        ("```\n今天晴\n```", "\n今天晴\n"),
    ],
)
def test_tags_and_breaks_of_others(written: str, plain: str) -> None:
    passages, warnings = _parse(written)
    assert "".join(passage.text for passage in passages) == plain
    assert bool(warnings) == (written.startswith(("<think", "<answer")))
