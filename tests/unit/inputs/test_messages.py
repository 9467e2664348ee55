"""What may be said to a door, and what a sender is told about the rest."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.domain import Event, EventType, Policy, Priority
from tts_daemon.errors import InvalidRequestError
from tts_daemon.inputs import messages


def parse_json(**fields: object) -> messages.SpeakRequest:
    return messages.parse(json.dumps(fields).encode(), "socket")


def test_plain_text_is_spoken_as_it_stands() -> None:
    request = messages.parse("你好，\n世界\n".encode(), "mqtt", preset="happy")
    assert (request.text, request.preset, request.source) == ("你好，\n世界", "happy", "mqtt")
    assert request.id
    assert request.created_s > 0


def test_every_field_arrives() -> None:
    request = parse_json(
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
    request = parse_json(text="你好", id=None, preset=None, speed=None, ttl_s=None, priority=None)
    assert request.overrides == {}
    assert request.ttl_s is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": "x", "sped": 1}, "sped: unknown field; did you mean speed"),
        ({"text": "x", "qqq": 1}, "qqq: unknown field; known: text"),
        ({}, "text: is empty"),
        ({"text": ["x"]}, "text: .* is not text"),
        ({"text": "x", "speed": 3}, "speed: 3 is out of range"),
        ({"text": "x", "speed": "1"}, "speed: '1' is not a number"),
        ({"text": "x", "priority": "loud"}, "priority: 'loud' is none of important, message"),
        ({"text": "x", "policy": ["queue"]}, "policy: .* is none of queue"),
        ({"text": "x", "ttl_s": 0}, "ttl_s: 0 is not a number of seconds"),
        ({"text": "x", "ttl_s": True}, "ttl_s: True is not"),
        ({"text": "x", "id": 7}, "id: 7 is not text"),
        ({"text": "x", "id": "a\nb"}, "id: .* unprintable"),
        ({"text": "x", "id": "\ud800"}, "id: .* unprintable"),
        ({"text": "x", "key": "k" * 129}, "key: longer than 128"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        parse_json(**fields)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b'{"text": "x"', "not valid JSON: .*column"),
        (b'{"text": "x", "speed": NaN}', "NaN is not a number"),
        (b'{"text": "x", "speed": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"a":' * 100_000, "not valid JSON"),
        (b'{"text": "\xff"}', "not UTF-8 at byte 11"),
        (b"\xe4\xbd", "not UTF-8 at byte 1"),
        ("你好".encode("gb18030"), "not UTF-8"),
    ],
)
def test_what_is_neither_text_nor_json_is_refused(payload: bytes, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        messages.parse(payload, "socket")


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x1b\x07", "\ufeff"])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="text: is empty"):
        messages.clean_text(text)


@pytest.mark.parametrize("text", ["……！", "。", "\u200d\ufe0f", "（）"])
def test_punctuation_alone_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="nothing to speak"):
        messages.clean_text(text)


@pytest.mark.parametrize("text", ["嗯", "5", "℃", "+", "¥", "👍", "☀️", "A", "[pause=500ms]", "㎡"])
def test_a_single_readable_character_is_enough(text: str) -> None:
    assert messages.clean_text(text) == text


def test_control_characters_go_and_line_ends_stay() -> None:
    assert messages.clean_text("你\x00好\x1b\r\n世\t界\x9f") == "你好\r\n世\t界"


@pytest.mark.parametrize("text", ["你好\ud83d", "\udfff你好", "你\udc80好"])
def test_half_a_surrogate_pair_goes_and_the_rest_is_spoken(text: str) -> None:
    assert parse_json(text=text).text == "你好"


def test_half_a_surrogate_pair_alone_is_nothing_to_speak() -> None:
    with pytest.raises(InvalidRequestError, match="text: is empty"):
        parse_json(text="\ud83d")


def test_the_limit_itself_is_accepted_and_one_more_is_not() -> None:
    assert len(messages.parse("好".encode() * 10_000, "socket").text) == 10_000
    with pytest.raises(InvalidRequestError, match=r"10001 characters; at most 10000"):
        messages.parse("好".encode() * 10_001, "socket")


def test_the_line_end_of_a_longest_text_is_not_counted() -> None:
    assert messages.parse("好".encode() * 10000 + b"\r\n", "socket").text == "好" * 10000


@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode(errors="surrogatepass")))
def test_any_payload_is_a_request_or_a_refusal(payload: bytes) -> None:
    try:
        request = messages.parse(payload, "mqtt")
    except InvalidRequestError as error:
        str(error).encode()
    else:
        assert request.text.encode().strip()


def test_an_event_message_holds_what_applies() -> None:
    event = Event(EventType.QUEUED, "a", position=0, source="mqtt")
    assert messages.event_message(event) == {
        "event_type": "queued",
        "id": "a",
        "position": 0,
        "source": "mqtt",
    }
    broken = Event(EventType.FAILED, "", reason="not valid JSON")
    assert messages.event_message(broken)["id"] == ""
