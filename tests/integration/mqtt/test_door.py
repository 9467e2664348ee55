"""The topics of one node, over a real broker."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fakes.broker import Watcher
from fakes.fake_service import IDLE, FakeSpeechService

from tts_daemon.domain import Event, EventType, PlayerState, Policy, Priority
from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.ports import Command

OpenDoor = Callable[..., MqttDoor]
Watch = Callable[..., Watcher]


@pytest.fixture
def watcher(watch: Watch, open_door: OpenDoor) -> Watcher:
    """A client of a door that is online."""
    open_door()
    watcher = watch("tts/#", "homeassistant/#")
    watcher.wait_payload("tts/living/availability", "online")
    return watcher


def test_plain_text_is_spoken(watcher: Watcher, service: FakeSpeechService) -> None:
    watcher.publish("tts/living/say", "水开了。")
    watcher.wait_event("finished")
    assert service.texts == ["水开了。"]
    assert service.accepted[0].source == "mqtt"


def test_json_carries_every_field(watcher: Watcher, service: FakeSpeechService) -> None:
    fields = {
        "text": "下雨了。",
        "id": "rain-1",
        "preset": "happy",
        "voice": "tiny",
        "emotion": "sad",
        "speed": 1.2,
        "pitch": -1,
        "volume": 40,
        "priority": "important",
        "policy": "interrupt",
        "ttl_s": 60,
    }
    watcher.publish("tts/living/say", fields)
    watcher.wait_event("finished", id="rain-1")
    request = service.accepted[0]
    assert (request.text, request.id, request.preset) == ("下雨了。", "rain-1", "happy")
    assert request.overrides == {
        "voice": "tiny", "emotion": "sad", "speed": 1.2, "pitch": -1, "volume": 40,
    }  # fmt: skip
    assert (request.priority, request.policy) == (Priority.IMPORTANT, Policy.INTERRUPT)
    assert request.ttl_s == 60


def test_a_preset_may_stand_in_the_topic(watcher: Watcher, service: FakeSpeechService) -> None:
    watcher.publish("tts/living/say/happy", "生日快乐！")
    watcher.wait_event("finished")
    assert service.accepted[0].preset == "happy"


def test_every_node_obeys_all(watcher: Watcher, service: FakeSpeechService) -> None:
    watcher.publish("tts/all/say", "大家好。")
    watcher.publish("tts/all/command", "stop")
    watcher.publish("tts/living/say", "最后一句。")
    watcher.wait_event("finished", id=_last_id(watcher, 2))
    assert service.texts == ["大家好。", "最后一句。"]
    assert service.commands == [Command.STOP]


def _last_id(watcher: Watcher, count: int) -> str:
    events = watcher.wait_all(lambda message: message.topic == "tts/living/event", count)
    name: str = json.loads(events[-1].payload)["id"]
    return name


@pytest.mark.parametrize("command", list(Command))
def test_commands(watcher: Watcher, service: FakeSpeechService, command: Command) -> None:
    watcher.publish("tts/living/command", command.value)
    watcher.publish("tts/living/say", "好。")
    watcher.wait_event("finished")
    assert service.commands == [command]


def test_values_are_set_and_come_back_retained(
    watcher: Watcher, service: FakeSpeechService, watch: Watch
) -> None:
    watcher.publish("tts/living/volume/set", "35")
    watcher.publish("tts/living/speed/set", "1.25")
    watcher.publish("tts/living/preset/set", "happy")
    watcher.publish("tts/living/say", "好。")
    watcher.wait_event("finished")
    service.emit(service.snapshot())
    for name, value in (("volume", "35"), ("speed", "1.25"), ("preset", "happy")):
        watcher.wait_payload(f"tts/living/{name}", value)
        assert watch(f"tts/living/{name}").wait_payload(f"tts/living/{name}", value).retain


@pytest.mark.parametrize(
    ("topic", "payload", "name", "words"),
    [
        ("say", b"\xff\xfe", "", "UTF-8"),
        ("say", b"", "", "empty"),
        ("say", b'{"id": "a1", "text": ""}', "a1", "empty"),
        ("say", b'{"id": "a2", "text": "x", "speed": "fast"}', "a2", "speed"),
        ("say", b'{"id": "a3", "txt": "x"}', "a3", "text"),
        ("say", b'{"id": "a4", "text":', "a4", "JSON"),
        ("say", b'{"text": "\\"id\\": \\"no\\"", "id": "a5" "speed": 1}', "a5", "JSON"),
        ("say", b'{"id": "a6", "text": "\xff"}', "a6", "UTF-8"),
        ("say", b'{"id": 7, "text": "x"}', "", "id"),
        ("say", b'{"id": "a7", "text": "x", "ttl_s": -1}', "a7", "ttl_s"),
        ("command", b"shout", "", "shout"),
        ("command", b"\xff", "", "UTF-8"),
        ("volume/set", b"loud", "", "loud"),
        ("volume/set", b"nan", "", "nan"),
        ("preset/set", b"hapy", "", "hapy"),
    ],
)
def test_what_cannot_be_obeyed_is_answered(
    watcher: Watcher, service: FakeSpeechService, topic: str, payload: bytes, name: str, words: str
) -> None:
    watcher.publish(f"tts/living/{topic}", payload)
    event = watcher.wait_event("failed", id=name, reason="invalid_request")
    assert words in event["message"]
    assert service.texts == []


def test_a_full_queue_is_a_clear_refusal(watcher: Watcher, service: FakeSpeechService) -> None:
    service.limit = 1
    watcher.publish("tts/living/say", {"text": "一。", "id": "one"})
    watcher.publish("tts/living/say", {"text": "二。", "id": "two"})
    watcher.wait_event("failed", id="two", reason="queue_full")
    assert service.texts == ["一。"]


def test_a_mistake_of_the_service_is_a_failure_and_not_the_end(
    watcher: Watcher, service: FakeSpeechService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_command: Command) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(service, "command", fail)
    watcher.publish("tts/living/command", "stop")
    watcher.wait_event("failed", reason="internal")
    watcher.publish("tts/living/say", "还在。")
    watcher.wait_event("finished")


def test_retained_orders_are_ignored(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    watcher = watch("tts/#")
    watcher.publish("tts/living/say", "去年的新闻。", retain=True)
    watcher.publish("tts/all/command", "stop", retain=True)
    watcher.publish("tts/living/volume/set", "5", retain=True)
    open_door()
    watcher.wait_payload("tts/living/availability", "online")
    watcher.publish("tts/living/say", "今天的新闻。")
    watcher.wait_event("finished")
    assert service.texts == ["今天的新闻。"]
    assert service.commands == []
    assert service.snapshot().volume == IDLE.volume
    assert "ignored the retained message on tts/living/say" in caplog.text


def test_events_and_states_are_published(
    watcher: Watcher, service: FakeSpeechService, watch: Watch
) -> None:
    service.emit(Event(EventType.QUEUED, "x", position=3, source="socket"))
    event = watcher.wait_event("queued", id="x", position=3)
    assert "reason" not in event
    service.emit(replace(IDLE, state=PlayerState.SPEAKING, speaking_id="x", queued=7))
    watcher.wait_payload("tts/living/state", "speaking")
    watcher.wait(lambda message: _attributes(message).get("queued") == 7)
    newcomer = watch("tts/living/state", "tts/living/attributes", "tts/living/event")
    assert newcomer.wait_payload("tts/living/state", "speaking").retain
    attributes = newcomer.wait(lambda message: message.topic == "tts/living/attributes")
    assert attributes.retain
    assert _attributes(attributes)["speaking_id"] == "x"
    assert all(message.topic != "tts/living/event" for message in newcomer.messages)


def _attributes(message: Any) -> dict[str, Any]:
    if message.topic != "tts/living/attributes":
        return {}
    value: dict[str, Any] = json.loads(message.payload)
    return value


def test_a_quick_change_ends_in_the_last_value(
    watcher: Watcher, service: FakeSpeechService
) -> None:
    for queued in range(500):
        service.emit(replace(IDLE, queued=queued))
    watcher.wait(lambda message: _attributes(message).get("queued") == 499)
    values = [
        _attributes(message)["queued"] for message in watcher.messages if _attributes(message)
    ]
    assert values == sorted(values)


def test_stop_says_good_bye(watch: Watch, open_door: OpenDoor) -> None:
    door = open_door()
    watcher = watch("tts/#")
    watcher.wait_payload("tts/living/availability", "online")
    door.stop()
    assert watcher.wait_payload("tts/living/availability", "offline")
