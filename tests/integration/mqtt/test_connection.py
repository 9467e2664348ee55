"""What the network and the broker do to a connection, and that it always comes back."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.broker import DEADLINE_S, Broker, Watcher, free_port
from fakes.certificates import make_certificates
from fakes.fake_service import FakeSpeechService
from fakes.tcp_proxy import TcpProxy

from tts_daemon.domain import SpeakRequest
from tts_daemon.errors import NotReadyError
from tts_daemon.inputs.mqtt import session as mqtt_connection
from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.inputs.mqtt.outbox import Outbox
from tts_daemon.settings.schema import TlsSettings

OpenDoor = Callable[..., MqttDoor]
Watch = Callable[..., Watcher]
MakeBroker = Callable[..., Broker]
MakeProxy = Callable[..., TcpProxy]

NODE = Path(__file__).parents[2] / "fakes" / "mqtt_node.py"


@pytest.fixture
def make_proxy(broker: Broker) -> Iterator[MakeProxy]:
    proxies: list[TcpProxy] = []

    def make(**options: bool) -> TcpProxy:
        proxies.append(TcpProxy(broker.port, **options))
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()


def online(watcher: Watcher, count: int = 1) -> None:
    watcher.wait_all(
        lambda message: (
            message.topic == "tts/living/availability"
            and message.payload == b"online"
            and not message.retain
        ),
        count,
    )


def test_no_broker_does_not_hold_up_the_start(
    make_broker: MakeBroker, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    broker = make_broker()
    open_door(broker.port)
    broker.start()
    watcher = Watcher(broker.port, "tts/#")
    watcher.wait_payload("tts/living/availability", "online")
    watcher.publish("tts/living/say", "终于来了。")
    watcher.wait_event("finished")
    assert service.texts == ["终于来了。"]
    watcher.close()


def test_stop_does_not_wait_for_a_broker_that_is_not_there(open_door: OpenDoor) -> None:
    door = open_door(free_port())
    stopper = threading.Thread(target=door.stop)
    stopper.start()
    stopper.join(DEADLINE_S)
    assert not stopper.is_alive()


def test_a_restarted_broker_that_forgot_everything(
    broker: Broker,
    make_proxy: MakeProxy,
    open_door: OpenDoor,
    watch: Watch,
    service: FakeSpeechService,
) -> None:
    proxy = make_proxy()
    open_door(proxy.port)
    watch("tts/#").wait_payload("tts/living/availability", "online")
    proxy.is_shut.set()
    broker.stop(signal.SIGKILL)
    service.submit(SpeakRequest("断线时说的话。", id="offline-1"))
    broker.start()
    after = watch("tts/#", "homeassistant/#")
    proxy.is_shut.clear()
    after.wait_payload("tts/living/availability", "online")
    after.wait_payload("tts/living/state", "idle")
    after.wait_event("finished", id="offline-1")
    after.publish("homeassistant/status", "online")
    after.wait(lambda message: message.topic.startswith("homeassistant/device/"))
    after.publish("tts/living/say", {"text": "又在了。", "id": "again"})
    after.wait_event("finished", id="again")


def test_the_will_says_offline(broker: Broker, watch: Watch) -> None:
    node = subprocess.Popen([sys.executable, NODE, str(broker.port), "living"])
    watcher = watch("tts/living/availability")
    watcher.wait_payload("tts/living/availability", "online")
    node.kill()
    node.wait(DEADLINE_S)
    watcher.wait_payload("tts/living/availability", "offline")
    late = watch("tts/living/availability")
    assert late.wait_payload("tts/living/availability", "offline").retain


def test_a_good_bye_that_is_not_confirmed_is_said_by_the_will(
    make_proxy: MakeProxy, watch: Watch, open_door: OpenDoor
) -> None:
    proxy = make_proxy()
    watcher = watch("tts/living/availability")
    door = open_door(proxy.port)
    online(watcher)
    proxy.is_deaf.set()
    door.stop()
    watcher.wait_payload("tts/living/availability", "offline")


def test_requests_wait_at_the_broker_while_the_daemon_is_away(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    door = open_door()
    watcher = watch("tts/#")
    watcher.wait_payload("tts/living/availability", "online")
    door.stop()
    watcher.publish("tts/living/say", {"text": "你不在的时候。", "id": "away"})
    open_door()
    watcher.wait_event("finished", id="away")
    assert service.texts == ["你不在的时候。"]


class CutInTheMiddle(FakeSpeechService):
    """Accepts the first request, but the acknowledgement does not reach the broker any more."""

    def __init__(self, cut_at: str) -> None:
        super().__init__()
        self.cut_at = cut_at
        self.cut: Callable[[], None] = lambda: None
        self.ids: list[str] = []

    def submit(self, request: SpeakRequest, *, lasting: bool = True) -> int:
        position = super().submit(request, lasting=lasting)
        self.ids.append(request.id)
        if len(self.ids) == 1 and self.cut_at == "submit":
            self.cut()
        return position

    def flush(self) -> None:
        """Nothing is acknowledged before it is on the disk."""
        if len(self.ids) == 1 and self.cut_at == "flush":
            self.cut()


class NotReadyAtFirst(FakeSpeechService):
    """Stops in the moment of the first request, as far as the door can see."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals = 0

    def submit(self, request: SpeakRequest, *, lasting: bool = True) -> int:
        if not self.refusals:
            self.refusals += 1
            raise NotReadyError("stopping")
        return super().submit(request, lasting=lasting)


@pytest.mark.parametrize("payload", ["只说一次。", '{"text": "只说一次。", "id": "once"}'])
@pytest.mark.parametrize("cut_at", ["submit", "flush"])
def test_what_comes_again_is_spoken_once(
    make_proxy: MakeProxy, watch: Watch, open_door: OpenDoor, payload: str, cut_at: str
) -> None:
    proxy, service = make_proxy(), CutInTheMiddle(cut_at)
    service.cut = proxy.cut
    watcher = watch("tts/#")
    open_door(proxy.port, service=service)
    online(watcher)
    watcher.publish("tts/living/say", payload)
    online(watcher, 2)
    # The broker delivers again what was not acknowledged before it delivers anything new.
    watcher.publish("tts/living/say", {"text": "然后。", "id": "then"})
    watcher.wait_event("finished", id="then")
    assert service.texts == ["只说一次。", "然后。"]
    assert len(service.ids) == 3
    assert service.ids[0] == service.ids[1]


def test_what_was_not_accepted_is_not_acknowledged(
    make_proxy: MakeProxy, watch: Watch, open_door: OpenDoor
) -> None:
    proxy, service = make_proxy(), NotReadyAtFirst()
    watcher = watch("tts/#")
    open_door(proxy.port, service=service)
    online(watcher)
    watcher.publish("tts/living/say", {"text": "别丢了我。", "id": "kept"})
    # Answered, so the message before it was handled.
    watcher.publish("tts/living/command", "nonsense")
    watcher.wait_event("failed", reason="invalid_request")
    assert service.texts == []
    proxy.cut()
    watcher.wait_event("finished", id="kept")
    assert service.texts == ["别丢了我。"]


def test_more_requests_than_events_can_be_told_of_are_held_back(
    watch: Watch, open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_connection, "Outbox", lambda: Outbox(capacity=200))
    watcher = watch("tts/#")
    open_door(service=FakeSpeechService(limit=1000))
    online(watcher)
    # Each makes more events than the message itself was, so that they pile up.
    for number in range(600):
        watcher.client.publish("tts/living/say", json.dumps({"text": "好。", "id": f"{number}"}), 1)
    ends = watcher.wait_all(lambda message: message.topic == "tts/living/event", 600)
    assert {json.loads(end.payload)["id"] for end in ends} == {f"{n}" for n in range(600)}


def test_a_broker_without_mqtt5(
    make_proxy: MakeProxy, watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    proxy = make_proxy(knows_mqtt5=False)
    watcher = watch("tts/#")
    open_door(proxy.port)
    online(watcher)
    watcher.publish("tts/living/say", "老式的也行。")
    watcher.wait_event("finished")
    assert service.texts == ["老式的也行。"]
    assert 4 in proxy.versions
    # The session lasts in the old version too.
    proxy.cut()
    watcher.publish("tts/living/say", {"text": "断过一次。", "id": "after"})
    watcher.wait_event("finished", id="after")


def test_a_wrong_password_is_said_and_tried_again(
    tmp_path: Path,
    make_broker: MakeBroker,
    open_door: OpenDoor,
    service: FakeSpeechService,
    caplog: pytest.LogCaptureFixture,
) -> None:
    accounts, secret = tmp_path / "accounts", tmp_path / "secret"
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", accounts, "speaker", "right"],
        check=True,
        env={"PATH": "/usr/bin:/usr/sbin:/usr/local/bin"},
    )
    accounts.chmod(0o644)
    broker = make_broker("allow_anonymous false", f"password_file {accounts}")
    broker.start()
    secret.write_text("wrong\n")
    logged = _when_logged("refuses us")
    open_door(broker.port, username="speaker", password_file=str(secret))
    assert logged.wait(DEADLINE_S)
    assert "mqtt.password_file" in caplog.text
    assert "wrong" not in caplog.text
    secret.write_text("right\n")
    watcher = Watcher(
        broker.port, "tts/#", configure=lambda client: client.username_pw_set("speaker", "right")
    )
    watcher.wait_payload("tts/living/availability", "online")
    watcher.close()


def _when_logged(words: str) -> threading.Event:
    """An event that is set when a message with these words is logged."""
    found = threading.Event()

    class Finder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if words in record.getMessage():
                found.set()
                logging.getLogger().removeHandler(self)

    logging.getLogger().addHandler(Finder())
    return found


def test_two_daemons_with_one_name_are_told(open_door: OpenDoor) -> None:
    logged = _when_logged("Each one needs its own mqtt.node")
    open_door()
    open_door()
    assert logged.wait(DEADLINE_S)


def test_tls_with_our_own_certificate(
    tmp_path: Path, make_broker: MakeBroker, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    make_certificates(tmp_path)
    broker = make_broker(
        "allow_anonymous true",
        f"cafile {tmp_path}/ca.crt",
        f"certfile {tmp_path}/broker.crt",
        f"keyfile {tmp_path}/broker.key",
        "require_certificate true",
    )
    broker.start()
    ours = {
        "ca_certs": f"{tmp_path}/ca.crt",
        "certfile": f"{tmp_path}/daemon.crt",
        "keyfile": f"{tmp_path}/daemon.key",
    }
    tls = TlsSettings(True, *ours.values())
    open_door(broker.port, tls=tls)
    watcher = Watcher(broker.port, "tts/#", configure=lambda client: client.tls_set(**ours))
    watcher.wait_payload("tts/living/availability", "online")
    long_text = "很长的一句话。" * 1000
    watcher.publish("tts/living/say", {"text": long_text, "id": "long"})
    watcher.wait_event("finished", id="long")
    assert service.texts == [long_text]
    watcher.close()


def test_a_missing_certificate_is_named(open_door: OpenDoor, tmp_path: Path) -> None:
    logged = _when_logged("mqtt.tls.ca_file: there is no file")
    open_door(free_port(), tls=TlsSettings(enabled=True, ca_file=str(tmp_path / "none.crt")))
    assert logged.wait(DEADLINE_S)


def test_a_broker_whose_authority_we_do_not_trust(
    tmp_path: Path, make_broker: MakeBroker, open_door: OpenDoor
) -> None:
    make_certificates(tmp_path)
    broker = make_broker(
        "allow_anonymous true",
        f"certfile {tmp_path}/broker.crt",
        f"keyfile {tmp_path}/broker.key",
    )
    broker.start()
    logged = _when_logged("certificate verify failed")
    open_door(broker.port, tls=TlsSettings(enabled=True))
    assert logged.wait(DEADLINE_S)
