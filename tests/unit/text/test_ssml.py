import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.domain import Style
from tts_daemon.text.markup import parse
from tts_daemon.text.normalize import Pronunciation
from tts_daemon.text.passage import Passage


def _parse(inside: str, style: Style | None = None) -> tuple[list[Passage], list[str]]:
    warnings: list[str] = []
    text = f"<speak>{inside}</speak>"
    return parse(text, style or Style(), lambda name: Style(), warnings.append), warnings


def _texts(inside: str) -> list[str]:
    return [item.text for item in _parse(inside)[0]]


def test_paragraphs_and_sentences_end_what_they_hold() -> None:
    passages, warnings = _parse("<p><s>一</s><s>二</s></p><p>三</p>四")
    assert [(item.text, item.pause_before_s > 0) for item in passages] == [
        ("一", False),
        ("二", False),
        ("三", True),
        ("四", False),
    ]
    assert warnings == []


@pytest.mark.parametrize(
    ("element", "seconds"),
    [
        ('<break time="300ms"/>', 0.3),
        ('<break time="1.5s"/>', 1.5),
        ('<break strength="none"/>', 0.0),
        ('<break strength="weak"/>', 0.2),
        ("<break/>", 0.4),
    ],
)
def test_break(element: str, seconds: float) -> None:
    passages, _ = _parse(f"一{element}二")
    assert [item.pause_before_s for item in passages] == [0.0, seconds]


@pytest.mark.parametrize(
    ("attribute", "field", "value"),
    [
        ('rate="fast"', "speed", 1.3),
        ('rate="80%"', "speed", 0.8),
        ('rate="+20%"', "speed", 1.2),
        ('rate="0.01"', "speed", 0.5),
        ('pitch="+2st"', "pitch", 2.0),
        ('pitch="low"', "pitch", -3.0),
        ('pitch="200%"', "pitch", 12.0),
        ('volume="50"', "volume", 50.0),
        ('volume="-6dB"', "volume", 50.1187),
        ('volume="silent"', "volume", 0.0),
    ],
)
def test_prosody(attribute: str, field: str, value: float) -> None:
    passages, warnings = _parse(f"一<prosody {attribute}>二</prosody>三")
    assert getattr(passages[1].style, field) == pytest.approx(value, abs=1e-3)
    assert passages[0].style == passages[2].style == Style()
    assert warnings == []


def test_styles_nest() -> None:
    passages, _ = _parse(
        '<emotion category="sad" intensity="0.5">一<prosody rate="slow">二</prosody></emotion>'
        '<voice name="zhizhe">三</voice><emphasis level="strong">四</emphasis>'
    )
    styles = [item.style for item in passages]
    assert (styles[0].emotion, styles[0].intensity, styles[0].speed) == ("sad", 0.5, 1.0)
    assert (styles[1].emotion, styles[1].speed) == ("sad", 0.75)
    assert (styles[2].voice, styles[2].emotion) == ("zhizhe", "neutral")
    assert styles[3].energy > 0


def test_say_as_steers_the_reading() -> None:
    assert _texts('打<say-as interpret-as="telephone">110</say-as>') == ["打幺幺零"]
    assert _texts('第<say-as interpret-as="digits">110</say-as>') == ["第一一零"]
    assert _texts('<say-as interpret-as="colour">1</say-as>') == ["1"]


def test_sub_is_read_as_its_alias() -> None:
    assert _texts('<sub alias="世界卫生组织">WHO</sub>说') == ["世界卫生组织说"]


def test_phoneme() -> None:
    passages, _ = _parse('去<phoneme alphabet="py" ph="chong2">重</phoneme>庆')
    assert passages[0].text == "去重庆"
    assert passages[0].pronunciations == (Pronunciation(1, 2, ("chong2",)),)


def test_phoneme_in_another_alphabet_is_left_out() -> None:
    passages, (warning,) = _parse('<phoneme alphabet="ipa" ph="x">重</phoneme>')
    assert passages[0].pronunciations == ()
    assert "alphabet" in warning


def test_unknown_element_is_read_with_a_warning() -> None:
    passages, (warning,) = _parse("<blink>好</blink>")
    assert passages[0].text == "好"
    assert "<blink>" in warning


def test_document_may_begin_with_a_declaration() -> None:
    text = '<?xml version="1.0"?>\n<speak>好</speak>'
    assert [item.text for item in parse(text, Style(), lambda name: Style())] == ["好"]


def test_namespaces_make_no_difference() -> None:
    warnings: list[str] = []
    text = '<speak xmlns="http://www.w3.org/2001/10/synthesis" version="1.1"><s>好</s></speak>'
    passages = parse(text, Style(), lambda name: Style(), warnings.append)
    assert [item.text for item in passages] == ["好"]
    assert warnings == []


@pytest.mark.parametrize(
    "text",
    [
        "<speak>你好<b>再见",
        "<speak>你好 & 再见</speak>",
        '<!DOCTYPE x [<!ENTITY a "b">]><speak>你好再见</speak>',
        '<speak>你好<break time="&x;"/>再见</speak>',
        "<speak>你好\x01再见</speak>",
    ],
)
def test_malformed_document_is_read_without_markup(text: str) -> None:
    warnings: list[str] = []
    spoken = "".join(
        item.text for item in parse(text, Style(), lambda name: Style(), warnings.append)
    )
    assert "你好" in spoken
    assert "再见" in spoken
    assert "break" not in spoken
    assert "DOCTYPE" not in spoken
    assert len(warnings) == 1


def test_deep_nesting_is_read() -> None:
    depth = 20_000
    passages, _ = _parse("<s>" * depth + "好" + "</s>" * depth)
    assert [item.text for item in passages] == ["好"]


@given(st.text(alphabet="<>/=\"'&; speakbrntimh好0\x00\ud800", max_size=80))
def test_anything_that_begins_like_a_document_is_read(inside: str) -> None:
    passages = parse(f"<speak>{inside}好", Style(), lambda name: Style(), lambda warning: None)
    assert "好" in "".join(item.text for item in passages)
