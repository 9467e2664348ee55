"""What a person is told about a broker that does not let us in; each with a real mosquitto."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.broker import Broker, Watcher, free_port
from fakes.certificates import make_certificates
from fakes.fake_service import FakeSpeechService

from tts_daemon.errors import BrokerError
from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.inputs.mqtt.probe import probe
from tts_daemon.settings.schema import MqttSettings, TlsSettings

MakeBroker = Callable[..., Broker]
OpenDoor = Callable[..., MqttDoor]
ANYBODY = "allow_anonymous true"


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    make_certificates(tmp_path)
    return tmp_path


@pytest.fixture
def encrypted(authority: Path) -> tuple[str, ...]:
    """Lines of a broker whose port speaks TLS."""
    files = {"cafile": "ca.crt", "certfile": "broker.crt", "keyfile": "broker.key"}
    return (ANYBODY, *(f"{key} {authority / name}" for key, name in files.items()))


def told(port: int, **options: object) -> str:
    """What the doctor, and the log, say of a broker."""
    settings = MqttSettings(host="127.0.0.1", port=port, **options)  # type: ignore[arg-type]
    with pytest.raises(BrokerError) as caught:
        probe(settings)
    return str(caught.value)


def test_a_port_for_tls_that_is_spoken_to_without(
    make_broker: MakeBroker, encrypted: tuple[str, ...]
) -> None:
    broker = make_broker(*encrypted)
    broker.start()
    assert "this port speaks TLS: mqtt.tls.enabled: true" in told(broker.port)


def test_tls_at_a_port_without(broker: Broker) -> None:
    assert "its port for TLS" in told(broker.port, tls=TlsSettings(enabled=True))


def test_an_authority_that_nobody_knows(
    make_broker: MakeBroker, encrypted: tuple[str, ...], authority: Path
) -> None:
    broker = make_broker(*encrypted)
    broker.start()
    assert "set mqtt.tls.ca_file" in told(broker.port, tls=TlsSettings(enabled=True))
    trusted = TlsSettings(enabled=True, ca_file=str(authority / "other.crt"))
    make_certificates(authority, authority="other")
    assert "set mqtt.tls.ca_file" in told(broker.port, tls=trusted)


def test_a_certificate_of_ours_is_missing(
    make_broker: MakeBroker, encrypted: tuple[str, ...], authority: Path
) -> None:
    broker = make_broker(*encrypted, "require_certificate true")
    broker.start()
    trusted = TlsSettings(enabled=True, ca_file=str(authority / "ca.crt"))
    assert "mqtt.tls.cert_file and mqtt.tls.key_file" in told(broker.port, tls=trusted)


def test_a_port_for_websockets_and_one_without(make_broker: MakeBroker) -> None:
    port = free_port()
    broker = make_broker(ANYBODY, f"listener {port} 127.0.0.1", "protocol websockets")
    broker.start()
    broker.wait_for(port)
    assert "mqtt.transport: websockets" in told(port)
    assert "mqtt.transport: tcp" in told(broker.port, transport="websockets")


def test_a_limit_below_the_first_packet(make_broker: MakeBroker) -> None:
    broker = make_broker(ANYBODY, "max_packet_size 20")
    broker.start()
    assert "max_packet_size" in told(broker.port)


def test_a_name_that_nobody_knows() -> None:
    settings = MqttSettings(host="broker.invalid")
    with pytest.raises(BrokerError, match=r"mqtt\.host"):
        probe(settings)


def test_it_speaks_over_websockets(
    make_broker: MakeBroker, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    port = free_port()
    broker = make_broker(ANYBODY, f"listener {port} 127.0.0.1", "protocol websockets")
    broker.start()
    watcher = Watcher(broker.port, "tts/#")
    open_door(port, transport="websockets")
    watcher.wait_payload("tts/living/availability", "online")
    watcher.publish("tts/living/say", "好" * 3000)
    watcher.wait_event("finished")
    assert service.texts == ["好" * 3000]
    broker.restart()
    again = Watcher(broker.port, "tts/#")
    again.wait_payload("tts/living/availability", "online")
    for one in (watcher, again):
        one.close()


def test_a_broker_that_keeps_nothing_is_spoken_to_all_the_same(
    make_broker: MakeBroker,
    open_door: OpenDoor,
    service: FakeSpeechService,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = make_broker(ANYBODY, "retain_available false")
    broker.start()
    watcher = Watcher(broker.port, "tts/#")
    open_door(broker.port)
    watcher.wait_payload("tts/living/availability", "online")
    watcher.publish("tts/living/say", "你好")
    watcher.wait_event("finished")
    assert service.texts == ["你好"]
    assert caplog.text.count("keeps no retained messages") == 1
    watcher.close()


def test_no_message_is_larger_than_the_broker_takes(
    make_broker: MakeBroker,
    open_door: OpenDoor,
    service: FakeSpeechService,
    caplog: pytest.LogCaptureFixture,
) -> None:
    most = 400
    broker = make_broker(ANYBODY, f"max_packet_size {most}")
    broker.start()
    watcher = Watcher(broker.port, "tts/#", "homeassistant/#")
    open_door(broker.port)
    watcher.wait_payload("tts/living/state", "idle")
    watcher.publish("tts/living/say", "你好")
    event = watcher.wait_event("finished")
    assert service.texts == ["你好"]
    assert len(json.dumps(event)) < most
    assert "homeassistant/device/tts_daemon_living/config" in caplog.text
    assert "max_packet_size" in caplog.text
    assert "another daemon" not in caplog.text
    watcher.close()
