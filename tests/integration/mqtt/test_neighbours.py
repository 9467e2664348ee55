"""Home Assistant and Rhasspy, as far as a broker can tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fakes.broker import DEADLINE_S, Watcher
from fakes.fake_service import IDLE, FakeSpeechService
from paho.mqtt.client import MQTTMessage

from tts_daemon.domain import Event, EventType
from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.settings.schema import HermesSettings, HomeAssistantSettings

OpenDoor = Callable[..., MqttDoor]
Watch = Callable[..., Watcher]

CONFIG = "homeassistant/device/tts_daemon_living/config"


def configs(watcher: Watcher, count: int) -> list[dict[str, Any]]:
    messages = watcher.wait_all(lambda message: message.topic == CONFIG, count)
    return [json.loads(message.payload) for message in messages]


def test_home_assistant_is_told_at_the_connect_and_at_its_birth(
    watch: Watch, open_door: OpenDoor
) -> None:
    watcher = watch("homeassistant/#", "tts/#")
    open_door()
    first = configs(watcher, 1)[0]
    # Also the note to itself, which must not set off anything.
    watcher.wait(lambda m: m.topic == "tts/living/announced")
    watcher.publish("tts/living/command", "nonsense")
    watcher.wait_event("failed")
    states = [m for m in watcher.messages if m.topic == "tts/living/availability"]
    assert [m.payload for m in states] == [b"online"]
    watcher.publish("homeassistant/status", "online")
    assert configs(watcher, 2)[1] == first
    watcher.wait_all(lambda m: m.topic == "tts/living/availability", 2)
    assert watch("homeassistant/#", "tts/living/announced").wait(_is_retained_note)


def _is_retained_note(message: MQTTMessage) -> bool:
    return message.topic == "tts/living/announced" and bool(message.retain)


def test_what_home_assistant_sends_is_spoken(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    watcher = watch("homeassistant/#", "tts/#")
    open_door()
    components = configs(watcher, 1)[0]["components"]
    watcher.publish(components["say_happy"]["command_topic"], "客人来了。")
    watcher.publish(components["stop"]["command_topic"], components["stop"]["payload_press"])
    watcher.publish(components["volume"]["command_topic"], "42")
    watcher.publish(components["preset"]["command_topic"], "happy")
    watcher.publish(components["say"]["command_topic"], "完了。")
    watcher.wait_all(lambda m: m.topic == components["speech"]["state_topic"], 2)
    assert [request.preset for request in service.accepted] == ["happy", None]
    assert service.commands == ["stop"]
    assert service.snapshot().volume == 42
    assert service.snapshot().preset == "happy"


def test_a_removed_preset_vanishes_while_we_run(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    watcher = watch("homeassistant/#", "tts/#")
    open_door()
    assert "command_topic" in configs(watcher, 1)[0]["components"]["say_happy"]
    service.emit(replace(IDLE, presets=("neutral",)))
    assert configs(watcher, 2)[1]["components"]["say_happy"] == {"platform": "notify"}


def test_a_preset_removed_from_the_file_vanishes_at_the_next_start(
    watch: Watch, open_door: OpenDoor
) -> None:
    watcher = watch("homeassistant/#", "tts/#")
    door = open_door()
    configs(watcher, 1)
    door.stop()
    fewer = FakeSpeechService()
    fewer._snapshot = replace(IDLE, presets=("neutral",))
    open_door(service=fewer)
    later = watcher.wait(
        lambda message: (
            message.topic == CONFIG
            and json.loads(message.payload)["components"].get("say_happy") == {"platform": "notify"}
        )
    )
    assert json.loads(later.payload)["components"]["say_neutral"]["command_topic"]


def test_a_node_that_is_renamed_leaves_nothing_behind(watch: Watch, open_door: OpenDoor) -> None:
    watcher = watch("homeassistant/#", "tts/#")
    door = open_door(instance="me")
    configs(watcher, 1)
    watcher.wait_payload("tts/living/availability", "online")
    neighbour = open_door(instance="neighbour", node="kitchen")
    watcher.wait_payload("tts/kitchen/availability", "online")
    door.stop()
    neighbour.stop()
    open_door(instance="me", node="parlour")
    watcher.wait_payload(CONFIG, b"")
    watcher.wait_payload("tts/living/announced", b"")
    watcher.publish("tts/parlour/command", "nonsense")
    watcher.wait_event("failed")
    later = watch("tts/#")
    later.wait(lambda message: message.topic == "tts/parlour/announced")
    later.wait(lambda message: message.topic == "tts/kitchen/announced")
    assert [m.topic for m in later.messages if m.topic.startswith("tts/living/")] == []


def test_home_assistant_may_be_off(watch: Watch, open_door: OpenDoor) -> None:
    watcher = watch("homeassistant/#", "tts/#")
    open_door(home_assistant=HomeAssistantSettings(enabled=False))
    watcher.wait_payload("tts/living/availability", "online")
    watcher.publish("homeassistant/status", "online")
    watcher.publish("tts/living/command", "nonsense")
    watcher.wait_event("failed")
    assert [m.topic for m in watcher.messages if m.topic.startswith("homeassistant/d")] == []


def test_a_say_of_rhasspy(watch: Watch, open_door: OpenDoor, service: FakeSpeechService) -> None:
    service.finishes = False
    watcher = watch("hermes/#", "tts/#")
    open_door(hermes=HermesSettings(enabled=True, site_id="living"))
    watcher.wait_payload("tts/living/availability", "online")
    say = {"text": "你好。", "siteId": "living", "id": "h1", "sessionId": "s", "volume": 1.0}
    watcher.publish("hermes/tts/say", say | {"siteId": "bedroom", "id": "h0"})
    watcher.publish("hermes/tts/say", say)
    assert service.submitted.wait(DEADLINE_S)
    service.emit(Event(EventType.FINISHED, "h1", source="hermes"))
    finished = watcher.wait(lambda message: message.topic == "hermes/tts/sayFinished")
    assert json.loads(finished.payload) == {"siteId": "living", "id": "h1", "sessionId": "s"}
    assert service.texts == ["你好。"]


def test_rhasspy_is_not_answered_any_more_when_that_was_turned_off(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    door = open_door(hermes=HermesSettings(enabled=True))
    watcher = watch("tts/#")
    watcher.wait_payload("tts/living/availability", "online")
    door.stop()
    # In the session, still, when the door opens again.
    watcher.publish("hermes/tts/say", {"text": "太晚了。"})
    open_door()
    watcher.publish("tts/living/say", {"text": "只有我。", "id": "me"})
    watcher.wait_event("finished", id="me")
    assert service.texts == ["只有我。"]


def test_rhasspy_is_not_answered_unless_that_is_on(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    open_door()
    watcher = watch("tts/#")
    watcher.wait_payload("tts/living/availability", "online")
    watcher.publish("hermes/tts/say", {"text": "你好。"})
    watcher.publish("tts/living/say", "只有我。")
    watcher.wait_event("finished")
    assert service.texts == ["只有我。"]
