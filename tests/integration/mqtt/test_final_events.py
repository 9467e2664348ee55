"""Final events come exactly once, whatever ends before we know that the broker has them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.broker import Broker, Watcher
from fakes.fake_service import FakeSpeechService
from fakes.tcp_proxy import TcpProxy

from tts_daemon.domain import Event, EventType
from tts_daemon.inputs.mqtt import final_events
from tts_daemon.inputs.mqtt.door import MqttDoor

OpenDoor = Callable[..., MqttDoor]
EVENTS = "tts/living/event"


def ended(name: str) -> Event:
    return Event(EventType.FINISHED, name, audio_ms=900.0)


def told(watcher: Watcher) -> list[str]:
    return [
        json.loads(message.payload)["id"] for message in watcher.messages if message.topic == EVENTS
    ]


def test_what_the_broker_has_is_not_told_again_by_the_next_life(
    open_door: OpenDoor, watch: Callable[..., Watcher], service: FakeSpeechService
) -> None:
    watcher = watch(EVENTS, "tts/living/mark")
    first = open_door()
    watcher.wait(lambda message: message.topic == "tts/living/mark")
    first.stop()
    # The broker has it from a life that was killed before it could know that.
    watcher.publish(EVENTS, {"event_type": "finished", "id": "a"})
    service.untold = [ended("a"), ended("b")]
    open_door()
    watcher.wait_event("finished", id="b")
    service.emit(ended("c"))
    watcher.wait_event("finished", id="c")
    service.wait_confirmed("a", "b", "c")
    assert told(watcher) == ["a", "b", "c"]


def test_a_lost_connection_tells_nothing_twice(
    broker: Broker, open_door: OpenDoor, watch: Callable[..., Watcher], service: FakeSpeechService
) -> None:
    watcher = watch(EVENTS)
    names = [f"u{number}" for number in range(60)]
    with contextlib.closing(TcpProxy(broker.port)) as proxy:
        open_door(proxy.port)
        for number, name in enumerate(names):
            service.emit(ended(name))
            if number % 20 == 10:
                # What is on its way is lost in one direction or the other.
                proxy.cut()
        service.wait_confirmed(*names)
    # The watcher is another client: when it has its own message, it has all that came before.
    watcher.publish(EVENTS, {"event_type": "finished", "id": "last"})
    watcher.wait_event("finished", id="last")
    assert sorted(told(watcher)) == sorted([*names, "last"])


def test_a_broker_that_sends_nothing_back_is_told_all_the_same(
    make_broker: Callable[..., Broker],
    open_door: OpenDoor,
    watch: Callable[..., Watcher],
    service: FakeSpeechService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(final_events, "PATIENCE_S", 0.05)
    rights = tmp_path / "rights"
    rights.write_text("topic readwrite #\nuser deaf\ntopic write #\ntopic read tts/living/say\n")
    broker = make_broker("allow_anonymous true", f"acl_file {rights}")
    broker.start()
    watcher = watch(EVENTS, port=broker.port)
    service.untold = [ended("a")]
    open_door(broker.port, username="deaf")
    watcher.wait_event("finished", id="a")
    service.wait_confirmed("a")


def test_an_event_that_is_told_late_is_not_told_twice(
    open_door: OpenDoor, watch: Callable[..., Watcher], service: FakeSpeechService
) -> None:
    watcher = watch(EVENTS)
    # It has ended, and the player has not come to tell its listeners yet.
    event = ended("a")
    service.untold = [event]
    open_door()
    service.wait_confirmed("a")
    service.emit(event)
    service.untold.clear()
    service.emit(ended("b"))
    watcher.wait_event("finished", id="b")
    assert told(watcher) == ["a", "b"]
