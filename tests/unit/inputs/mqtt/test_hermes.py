"""The Hermes messages of Rhasspy: what is answered, and what is left to others."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from fakes.fake_service import FakeSpeechService

from tts_daemon.domain import Event, EventType
from tts_daemon.errors import NotReadyError
from tts_daemon.inputs.mqtt.hermes import HermesBridge
from tts_daemon.inputs.mqtt.values import Message, Publication
from tts_daemon.settings.schema import HermesSettings

SAY = {
    "text": "开饭了。",
    "siteId": "kitchen",
    "lang": None,
    "id": "say-1",
    "sessionId": "s-1",
    "volume": 0.5,
}
FINISHED = {"siteId": "kitchen", "id": "say-1", "sessionId": "s-1"}


@pytest.fixture
def service() -> FakeSpeechService:
    return FakeSpeechService(finishes=False)


@pytest.fixture
def bridge(service: FakeSpeechService) -> HermesBridge:
    return HermesBridge(service, HermesSettings(enabled=True, site_id="kitchen"))


def send(bridge: HermesBridge, topic: str, fields: Any) -> list[tuple[str, dict[str, Any]]]:
    """Obey a message. Returns: topics and fields of the answers."""
    payload = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    return read(bridge.obey(Message(topic, payload)))


def read(publications: list[Publication]) -> list[tuple[str, dict[str, Any]]]:
    return [(item.topic, json.loads(item.payload)) for item in publications]


def ended(event_type: EventType, name: str = "say-1", **fields: Any) -> Event:
    return Event(event_type, name, source="hermes", **fields)


def test_say_is_spoken_and_finished_when_it_was_heard(
    bridge: HermesBridge, service: FakeSpeechService
) -> None:
    assert send(bridge, "hermes/tts/say", SAY) == []
    request = service.accepted[0]
    assert (request.text, request.id, request.source) == ("开饭了。", "say-1", "hermes")
    assert request.overrides == {"volume": 50.0}
    assert bridge.heard(ended(EventType.STARTED)) == []
    assert read(bridge.heard(ended(EventType.FINISHED))) == [("hermes/tts/sayFinished", FINISHED)]


def test_the_shortest_say(service: FakeSpeechService) -> None:
    bridge = HermesBridge(service, HermesSettings(enabled=True))
    send(bridge, "hermes/tts/say", {"text": "好。"})
    answers = read(bridge.heard(ended(EventType.FINISHED, service.accepted[0].id)))
    assert answers == [
        ("hermes/tts/sayFinished", {"siteId": "default", "id": None, "sessionId": None})
    ]
    assert service.accepted[0].overrides == {}


@pytest.mark.parametrize("event_type", [EventType.FAILED, EventType.EXPIRED])
def test_after_an_error_it_is_finished_too(bridge: HermesBridge, event_type: EventType) -> None:
    send(bridge, "hermes/tts/say", SAY)
    answers = read(bridge.heard(ended(event_type, reason="voice", message="no voice")))
    error = {"error": "no voice", "siteId": "kitchen", "context": "say-1", "sessionId": "s-1"}
    assert answers == [("hermes/error/tts", error), ("hermes/tts/sayFinished", FINISHED)]


def test_a_cancelled_utterance_is_finished(bridge: HermesBridge) -> None:
    send(bridge, "hermes/tts/say", SAY)
    answers = read(bridge.heard(ended(EventType.CANCELLED, reason="stop")))
    assert answers == [("hermes/tts/sayFinished", FINISHED)]


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": None},
        {"volume": "loud"},
        {"volume": 7},
        {"volume": 10**400},
        {"id": "x" * 1000},
        {"id": "\ud800"},
    ],
)
def test_a_refused_say_is_finished_at_once(
    bridge: HermesBridge, service: FakeSpeechService, change: dict[str, Any]
) -> None:
    answers = send(bridge, "hermes/tts/say", SAY | change)
    assert [topic for topic, _ in answers] == ["hermes/error/tts", "hermes/tts/sayFinished"]
    assert answers[0][1]["error"]
    assert answers[1][1]["id"] == (SAY | change)["id"]
    assert service.accepted == []


def test_a_full_queue_is_an_error(bridge: HermesBridge, service: FakeSpeechService) -> None:
    service.limit = 0
    answers = send(bridge, "hermes/tts/say", SAY)
    assert [topic for topic, _ in answers] == ["hermes/error/tts", "hermes/tts/sayFinished"]
    # The refused call is over: a later end of the same id has no session.
    assert read(bridge.heard(ended(EventType.FINISHED)))[0][1]["sessionId"] is None


def test_a_say_that_comes_again_is_spoken_once_and_finished_once(
    bridge: HermesBridge, service: FakeSpeechService
) -> None:
    send(bridge, "hermes/tts/say", SAY)
    assert send(bridge, "hermes/tts/say", SAY) == []
    assert len(bridge.heard(ended(EventType.FINISHED))) == 1
    assert len(service.accepted) == 1
    # It was spoken long ago; whoever asks again must not wait for ever.
    assert send(bridge, "hermes/tts/say", SAY) == [("hermes/tts/sayFinished", FINISHED)]


def test_any_session_comes_back_as_it_was(bridge: HermesBridge) -> None:
    for session in ("\ud800", ["\udfff"], 10**400, {"a": None}):
        name = repr(session)[:50]
        send(bridge, "hermes/tts/say", SAY | {"sessionId": session, "id": name})
        (answer,) = read(bridge.heard(ended(EventType.FINISHED, name)))
        assert answer[1]["sessionId"] == session


@pytest.mark.parametrize("site", ["bedroom", None])
def test_other_sites_are_left_alone_and_logged(
    bridge: HermesBridge,
    service: FakeSpeechService,
    caplog: pytest.LogCaptureFixture,
    site: str | None,
) -> None:
    caplog.set_level(logging.INFO)
    assert send(bridge, "hermes/tts/say", SAY | {"siteId": site}) == []
    assert service.accepted == []
    assert repr(site or "default") in caplog.text


def test_what_is_no_json_is_an_error(bridge: HermesBridge) -> None:
    for payload in (b"{", b"\xff", b"[]"):
        ((topic, fields),) = send(bridge, "hermes/tts/say", payload)
        assert topic == "hermes/error/tts"
        assert fields["siteId"] == "kitchen"


def test_events_of_other_doors_are_none_of_ours(bridge: HermesBridge) -> None:
    assert bridge.heard(Event(EventType.FINISHED, "x", source="mqtt")) == []


def test_an_utterance_from_before_a_restart_is_finished_by_its_id(bridge: HermesBridge) -> None:
    answers = read(bridge.heard(ended(EventType.FINISHED, "old")))
    assert answers == [
        ("hermes/tts/sayFinished", {"siteId": "kitchen", "id": "old", "sessionId": None})
    ]


def test_voices_are_listed(bridge: HermesBridge) -> None:
    answers = send(bridge, "rhasspy/tts/getVoices", {"id": "q", "siteId": "kitchen"})
    voices = [{"voiceId": "tiny", "description": "tiny"}]
    assert answers == [("rhasspy/tts/voices", {"voices": voices, "id": "q", "siteId": "kitchen"})]


def test_the_volume_is_set(bridge: HermesBridge, service: FakeSpeechService) -> None:
    topic = "rhasspy/audioServer/setVolume"
    assert send(bridge, topic, {"volume": 0.25, "siteId": "kitchen"}) == []
    assert service.snapshot().volume == 25
    ((error_topic, _),) = send(bridge, topic, {"siteId": "kitchen"})
    assert error_topic == "hermes/error/tts"


def test_a_notification_is_spoken_and_a_dialogue_is_not(
    bridge: HermesBridge, service: FakeSpeechService
) -> None:
    topic = "hermes/dialogueManager/startSession"
    start = {"type": "notification", "text": "门开着。"}
    send(bridge, topic, {"siteId": "kitchen", "customData": "", "init": start})
    send(bridge, topic, {"siteId": "kitchen", "init": {"type": "action", "text": "要关吗？"}})
    send(bridge, topic, {"siteId": "kitchen", "init": None})
    assert service.texts == ["门开着。"]


def test_a_second_service_is_noticed(
    bridge: HermesBridge, caplog: pytest.LogCaptureFixture
) -> None:
    send(bridge, "hermes/tts/say", SAY)
    send(bridge, "hermes/tts/sayFinished", FINISHED)
    assert "two services" in caplog.text
    bridge.heard(ended(EventType.FINISHED))
    caplog.clear()
    send(bridge, "hermes/tts/sayFinished", FINISHED)
    send(bridge, "hermes/tts/sayFinished", FINISHED | {"id": ["odd"]})
    assert caplog.text == ""


def test_not_ready_is_left_to_the_door(
    bridge: HermesBridge, service: FakeSpeechService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_request: object, *, lasting: bool) -> int:
        raise NotReadyError("stopping")

    monkeypatch.setattr(service, "submit", refuse)
    with pytest.raises(NotReadyError):
        send(bridge, "hermes/tts/say", SAY)


def test_it_is_off_by_default(service: FakeSpeechService) -> None:
    assert HermesBridge(service, HermesSettings()).subscriptions == ()
