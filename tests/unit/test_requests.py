"""From named fields to a request: every field, and every refusal."""

from __future__ import annotations

import pytest

from tts_daemon.domain import Policy, Priority, SpeakRequest
from tts_daemon.errors import InvalidRequestError, TooLongError
from tts_daemon.requests import check_length, clean_text, request_of, style_number, style_value


def made(**fields: object) -> SpeakRequest:
    return request_of(fields, "socket")


def test_every_field_arrives() -> None:
    request = made(
        text="你好",
        id="a1",
        preset="sad",
        voice="v",
        emotion="happy",
        intensity=1.5,
        speed=1,
        pitch=-2,
        energy=0.5,
        volume=0,
        pause=2,
        chime="ding",
        priority="important",
        policy="replace",
        key="door",
        ttl_s=30,
    )
    assert (request.id, request.preset, request.key, request.ttl_s) == ("a1", "sad", "door", 30.0)
    assert (request.priority, request.policy) == (Priority.IMPORTANT, Policy.REPLACE)
    assert request.overrides == {
        "voice": "v",
        "emotion": "happy",
        "intensity": 1.5,
        "speed": 1.0,
        "pitch": -2.0,
        "energy": 0.5,
        "volume": 0.0,
        "pause": 2.0,
        "chime": "ding",
    }


def test_null_means_left_out() -> None:
    request = made(text="你好", id=None, preset=None, speed=None, ttl_s=None, priority=None)
    assert request.overrides == {}
    assert request.ttl_s is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": "x", "sped": 1}, "sped: unknown field; did you mean 'speed'"),
        ({"text": "x", "qqq": 1}, "qqq: unknown field; known: text, id"),
        ({}, "text: is empty"),
        ({"text": ["x"]}, "text: .* is not text"),
        ({"text": "x", "speed": 3}, "speed: 3 is out of range"),
        ({"text": "x", "speed": "1"}, "speed: '1' is not a number"),
        ({"text": "x", "priority": "loud"}, "priority: 'loud' is none of important, message"),
        ({"text": "x", "policy": ["queue"]}, "policy: .* is none of queue"),
        ({"text": "x", "ttl_s": 0}, "ttl_s: 0 is not a number of seconds above 0"),
        ({"text": "x", "ttl_s": True}, "ttl_s: True is not"),
        ({"text": "x", "id": 7}, "id: 7 is not text"),
        ({"text": "x", "id": "a\nb"}, "id: .* unprintable"),
        ({"text": "x", "id": "\ud800"}, "id: .* unprintable"),
        ({"text": "x", "key": "k" * 129}, "key: longer than 128"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        made(**fields)


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x1b\x07", "\ufeff"])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="text: is empty"):
        clean_text(text)


@pytest.mark.parametrize("text", ["……！", "。", "\u200d\ufe0f", "（）"])
def test_punctuation_alone_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="nothing to speak"):
        clean_text(text)


@pytest.mark.parametrize("text", ["嗯", "5", "℃", "+", "¥", "👍", "☀️", "A", "[pause=500ms]", "㎡"])
def test_a_single_readable_character_is_enough(text: str) -> None:
    assert clean_text(text) == text


def test_control_characters_go_and_line_ends_stay() -> None:
    assert clean_text("你\x00好\x1b\r\n世\t界\x9f") == "你好\r\n世\t界"


@pytest.mark.parametrize("text", ["你好\ud83d", "\udfff你好", "你\udc80好"])
def test_half_a_surrogate_pair_goes_and_the_rest_is_spoken(text: str) -> None:
    assert made(text=text).text == "你好"


def test_half_a_surrogate_pair_alone_is_nothing_to_speak() -> None:
    with pytest.raises(InvalidRequestError, match="text: is empty"):
        made(text="\ud83d")


def test_the_limit_itself_is_accepted_and_one_more_is_not() -> None:
    check_length("好" * 100, 100)
    with pytest.raises(TooLongError, match=r"101 characters; at most 100") as raised:
        check_length("好" * 101, 100)
    assert raised.value.code == "too_long"


def test_the_line_end_of_a_text_is_not_part_of_it() -> None:
    assert made(text="好" * 100 + "\r\n").text == "好" * 100


@pytest.mark.parametrize("value", [10**400, 1e308 * 10, float("nan"), -(10**400)])
@pytest.mark.parametrize("name", ["ttl_s", "speed", "pitch", "volume"])
def test_a_number_that_is_none_is_a_refusal(name: str, value: float) -> None:
    with pytest.raises(InvalidRequestError, match=rf"{name}: .* (out of range|not a number)"):
        made(text="x", **{name: value})


def test_a_shown_value_is_short_and_on_one_line() -> None:
    for value in ("\n" * 100, "\ud800" * 100, 10**400, [["x"] * 9] * 9, {"a": {}}):
        with pytest.raises(InvalidRequestError) as raised:
            made(text="x", speed=value)
        assert len(str(raised.value)) < 120
        assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("speed", 2.01, "speed: 2.01 is out of range"),
        ("speed", "fast", "speed: 'fast' is not a number"),
        ("speed", True, "speed: True is not a number"),
        ("volume", -1, "volume: -1 is out of range"),
        ("pitch", float("nan"), "pitch: nan is not a number"),
        ("emotion", 3, "emotion: 3 is not text"),
        ("sped", 1, "sped: unknown field; did you mean 'speed'"),
    ],
)
def test_a_wish_that_cannot_be_met_names_the_field(name: str, value: object, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        style_value(name, value)


def test_both_ends_of_a_range_belong_to_it() -> None:
    assert [style_number("speed", value) for value in (0.5, 2)] == [0.5, 2.0]
