"""What others ran into with brokers, and with Home Assistant behind them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fakes.broker import Broker, Watcher
from fakes.fake_service import FakeSpeechService
from strangers.report import report

from tts_daemon.inputs.mqtt.door import MqttDoor

OpenDoor = Callable[..., MqttDoor]
Watch = Callable[..., Watcher]
CONFIG = "homeassistant/device/tts_daemon_living/config"


def announced(watcher: Watcher) -> dict[str, Any]:
    message = watcher.wait(lambda item: item.topic == CONFIG and bool(item.payload))
    device: dict[str, Any] = json.loads(message.payload)
    return device


@report("LabOverWire/mqtt-lib#97", "LabOverWire/mqtt-lib#103")
def test_what_is_larger_than_the_broker_takes_is_named_and_not_sent(
    make_broker: Callable[..., Broker], open_door: OpenDoor, caplog: pytest.LogCaptureFixture
) -> None:
    broker = make_broker("allow_anonymous true", "max_packet_size 500")
    broker.start()
    open_door(broker.port)
    watcher = Watcher(broker.port, "tts/#")
    watcher.publish("tts/living/say", {"text": "你好", "id": "a"})
    watcher.wait_event("finished", id="a")
    assert "the broker takes 500 at most" in caplog.text
    assert "lost" not in caplog.text
    watcher.close()


@report("hjelev/rpi-mqtt-monitor#213")
def test_who_comes_later_finds_every_state_that_is_announced(
    watch: Watch, open_door: OpenDoor
) -> None:
    early = watch("homeassistant/#", "tts/#")
    open_door()
    device = announced(early)
    early.wait_payload("tts/living/availability", "online")
    early.wait_payload("tts/living/state", "idle")
    topics = {device["availability_topic"]}
    for entity in device["components"].values():
        if entity["platform"] != "event":
            topics |= {entity.get("state_topic"), entity.get("json_attributes_topic")}
    late = watch("tts/#")
    for topic in topics - {None}:
        assert late.wait(lambda item, wanted=topic: item.topic == wanted).retain


@report("home-assistant/core#109838")
def test_a_node_that_is_renamed_leaves_no_ghost(watch: Watch, open_door: OpenDoor) -> None:
    watcher = watch("homeassistant/#", "tts/#")
    door = open_door(instance="me")
    announced(watcher)
    watcher.wait_payload("tts/living/availability", "online")
    door.stop()
    open_door(instance="me", node="parlour")
    watcher.wait_payload(CONFIG, b"")
    watcher.wait_payload("tts/living/availability", b"")


@report("nimroddolev/chime_tts#119", "nimroddolev/chime_tts#161")
def test_one_that_fails_holds_up_no_other(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    watcher = watch("tts/#")
    open_door()
    watcher.wait_payload("tts/living/availability", "online")
    watcher.publish("tts/living/say", {"text": "好", "speed": 99, "id": "bad"})
    watcher.publish("tts/living/say", {"text": "好", "id": "good"})
    watcher.wait_event("failed", id="bad")
    watcher.wait_event("finished", id="good")
    assert service.texts == ["好"]
