"""Texts in pieces over MQTT: what belongs together, what came already, what is too much."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from fakes.fake_service import FakeSpeechService

from tts_daemon.errors import InvalidRequestError
from tts_daemon.inputs.mqtt.streams import MOST, TextStreams
from tts_daemon.inputs.mqtt.values import Message

Send = Callable[..., None]


@pytest.fixture
def service() -> FakeSpeechService:
    return FakeSpeechService()


@pytest.fixture
def streams(service: FakeSpeechService) -> TextStreams:
    return TextStreams(service, "mqtt")


@pytest.fixture
def send(streams: TextStreams) -> Send:
    numbers = itertools.count(1)

    def piece(name: str, payload: bytes, **fields) -> None:
        fields = {"packet_id": next(numbers), **fields}
        streams.take(Message(f"tts/living/say/stream/{name}", payload, **fields), name)

    return piece


def test_pieces_of_two_texts_may_come_in_turn(service: FakeSpeechService, send: Send) -> None:
    for name, payload in (("a", "你好。"), ("b", "再"), ("a", "走吧"), ("b", "见")):
        send(name, payload.encode())
    send("b", b"")
    send("a", b"")
    assert [(item.id, item.text) for item in service.accepted] == [
        ("b", "再见"), ("a", "你好。走吧"),
    ]  # fmt: skip


def test_a_character_may_be_cut_in_two(service: FakeSpeechService, send: Send) -> None:
    whole = "水开了。".encode()
    for at in range(len(whole)):
        send("a", whole[at : at + 1])
    send("a", b"")
    assert service.texts == ["水开了。"]


def test_a_redelivered_piece_is_not_spoken_again(service: FakeSpeechService, send: Send) -> None:
    send("a", "你好".encode(), packet_id=7)
    send("a", "你好".encode(), packet_id=7, redelivered=True)
    send("a", b"", packet_id=8)
    send("a", b"", packet_id=8, redelivered=True)
    assert service.texts == ["你好"]


def test_what_has_ended_is_not_begun_anew(service: FakeSpeechService, send: Send) -> None:
    send("a", "你好".encode())
    service.streams[0].is_wanted = False  # a stop
    send("a", "再见".encode())
    send("a", b"")
    assert len(service.streams) == 1
    assert service.texts == []


def test_what_is_no_text_ends_it_with_what_came(service: FakeSpeechService, send: Send) -> None:
    send("a", "你好".encode())
    with pytest.raises(InvalidRequestError, match="byte 7"):
        send("a", b"\xff")
    assert service.texts == ["你好"]
    assert "not UTF-8" in service.streams[0].warnings[0]


def test_too_many_end_the_oldest(service: FakeSpeechService, send: Send) -> None:
    for number in range(MOST + 1):
        send(f"n{number}", "好".encode())
    assert [item.id for item in service.accepted] == ["n0"]


def test_a_door_that_closes_ends_them(
    service: FakeSpeechService, streams: TextStreams, send: Send
) -> None:
    send("a", "好".encode())
    streams.stop()
    assert service.texts == ["好"]
