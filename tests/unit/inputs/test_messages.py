"""What may be said to a door, and what a sender is told about the rest."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.domain import Event, EventType
from tts_daemon.errors import InvalidRequestError, TooLongError
from tts_daemon.inputs import messages


def test_plain_text_is_spoken_as_it_stands() -> None:
    request = messages.parse("你好，\n世界\n".encode(), "mqtt")
    assert (request.text, request.preset, request.source) == ("你好，\n世界", None, "mqtt")
    assert request.id
    assert request.created_s > 0


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


def test_a_refusal_has_the_shape_of_any_failure() -> None:
    event = messages.refusal_event(TooLongError("text: too long"), "", "mqtt")
    assert messages.event_message(event) == {
        "event_type": "failed",
        "id": "",
        "reason": "too_long",
        "message": "text: too long",
        "source": "mqtt",
    }


@given(st.recursive(st.none() | st.text(st.characters()), st.lists))
def test_anything_becomes_json_and_comes_back(value: object) -> None:
    assert json.loads(messages.to_json(value)) == value
