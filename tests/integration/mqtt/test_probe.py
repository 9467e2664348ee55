"""The doctor's handshake with a real broker."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.broker import Broker, free_port

from tts_daemon.errors import BrokerError
from tts_daemon.inputs.mqtt.conversation import Version
from tts_daemon.inputs.mqtt.probe import probe
from tts_daemon.settings.schema import MqttSettings

MakeBroker = Callable[..., Broker]


@pytest.fixture
def closed(make_broker: MakeBroker, tmp_path: Path) -> Broker:
    """A broker that lets in `speaker` with the password `right`."""
    accounts = tmp_path / "accounts"
    command = ["mosquitto_passwd", "-b", "-c", str(accounts), "speaker", "right"]
    subprocess.run(command, check=True, capture_output=True)
    broker = make_broker("allow_anonymous false", f"password_file {accounts}")
    broker.start()
    return broker


def settings(port: int, password: str = "") -> MqttSettings:
    return MqttSettings(
        host="127.0.0.1", port=port, username="speaker" if password else "", password=password
    )


def test_a_broker_that_accepts_us_tells_its_version(broker: Broker) -> None:
    assert probe(settings(broker.port)) is Version.MQTT5


def test_the_right_password_is_accepted(closed: Broker) -> None:
    assert probe(settings(closed.port, "right")) is Version.MQTT5


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_told_from_a_broker_that_is_not_there(
    closed: Broker, password: str
) -> None:
    with pytest.raises(BrokerError, match="refuses us"):
        probe(settings(closed.port, password))


def test_nobody_there_is_named(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(BrokerError, match=rf"127\.0\.0\.1:{port}: .*refused"):
        probe(settings(port))
