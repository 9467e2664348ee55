"""A broker, clients, and doors that end with the test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.broker import MOSQUITTO, Broker, Watcher
from fakes.fake_service import FakeSpeechService
from fakes.requirements import unavailable

from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.inputs.mqtt.values import Retry
from tts_daemon.settings.schema import MqttSettings

QUICK = Retry(first_s=0.05, longest_s=0.2, refused_s=0.2)

OpenDoor = Callable[..., MqttDoor]
Watch = Callable[..., Watcher]


@pytest.fixture(autouse=True)
def _needs_mosquitto() -> None:
    if MOSQUITTO is None:
        unavailable("mosquitto is missing: apt-get install mosquitto")


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    with contextlib.ExitStack() as stack:

        def make(*lines: str) -> Broker:
            broker = Broker(tmp_path, lines or ("allow_anonymous true",))
            stack.callback(broker.stop)
            return broker

        yield make


@pytest.fixture
def broker(make_broker: Callable[..., Broker]) -> Broker:
    broker = make_broker()
    broker.start()
    return broker


@pytest.fixture
def watch(broker: Broker) -> Iterator[Watch]:
    with contextlib.ExitStack() as stack:

        def make(*topics: str, **options: Any) -> Watcher:
            watcher = Watcher(options.pop("port", broker.port), *topics, **options)
            stack.callback(watcher.close)
            return watcher

        yield make


@pytest.fixture
def service() -> FakeSpeechService:
    return FakeSpeechService()


@pytest.fixture
def open_door(service: FakeSpeechService, request: pytest.FixtureRequest) -> Iterator[OpenDoor]:
    """Open a door of the node `living`; without a port, on the broker of the test."""
    with contextlib.ExitStack() as stack:

        def make(port: int | None = None, **options: Any) -> MqttDoor:
            chosen_service = options.pop("service", service)
            chosen = port or request.getfixturevalue("broker").port
            instance = options.pop("instance", "")
            settings = MqttSettings(
                **{"host": "127.0.0.1", "port": chosen, "node": "living", **options}
            )
            door = MqttDoor(chosen_service, settings, retry=QUICK, instance=instance)
            stack.callback(door.stop)
            door.start()
            return door

        yield make
