"""A real mosquitto on a free loopback port, and a client that waits for what it expects."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

MOSQUITTO = shutil.which(
    "mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
)
DEADLINE_S = 60.0
"""Long, for machines that do much else: waiting ends with what is waited for."""
ASK_AGAIN_S = 1.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """A mosquitto process; the same port and configuration at every start."""

    def __init__(self, directory: Path, lines: Iterable[str] = ("allow_anonymous true",)) -> None:
        self.port = free_port()
        self._config = directory / "mosquitto.conf"
        listener = [
            f"listener {self.port} 127.0.0.1",
            "max_queued_messages 100000",
            "set_tcp_nodelay true",
        ]
        # Without this a mosquitto that root starts becomes another user, who may not read here.
        user = ["user root"] if os.geteuid() == 0 else []
        self._config.write_text("\n".join([*listener, *user, *lines]) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", self._config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.wait_for(self.port)

    def wait_for(self, port: int) -> None:
        """Wait until one of its listeners takes connections."""
        _until(lambda: self._accepts(port), "mosquitto does not listen")

    def _accepts(self, port: int) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "mosquitto ended at once"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(sig)
            self._process.wait(DEADLINE_S)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()


def _until(condition: Callable[[], bool], problem: str) -> None:
    ends_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < ends_s, problem
        time.sleep(0.02)


class Watcher:
    """A client that keeps every message it gets. Waiting ends with the first that fits."""

    def __init__(
        self,
        port: int,
        *topics: str,
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
        configure: Callable[[Client], None] = lambda client: None,
    ) -> None:
        self.messages: list[MQTTMessage] = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        configure(self.client)
        self.client.max_inflight_messages_set(0)
        self.client.on_message = self._on_message
        self.client.on_socket_open = lambda _client, _user, sock: sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        if topics:
            self.client.subscribe([(topic, 1) for topic in topics])
            assert self._subscribed.wait(DEADLINE_S)

    def _on_message(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def publish(
        self, topic: str, payload: str | bytes | dict[str, Any], *, retain: bool = False
    ) -> None:
        """Publish with quality of service 1, and wait until the broker has it."""
        content = json.dumps(payload) if isinstance(payload, dict) else payload
        self.client.publish(topic, content, 1, retain).wait_for_publish(DEADLINE_S)

    def ask(self, topic: str, payload: str, response_topic: str, correlation: bytes) -> None:
        """Send a request that wants an answer."""
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = response_topic
        properties.CorrelationData = correlation
        info = self.client.publish(topic, payload, 1, properties=properties)
        info.wait_for_publish(DEADLINE_S)

    def answer_of(
        self, topic: str, payload: str, response_topic: str, correlation: bytes
    ) -> MQTTMessage:
        """Ask as a requester should: again, for as long as no answer comes."""

        def is_answer(message: MQTTMessage) -> bool:
            properties = message.properties
            is_ours = getattr(properties, "CorrelationData", None) == correlation
            return message.topic == response_topic and is_ours

        for _ in range(round(DEADLINE_S / ASK_AGAIN_S)):
            if not self._fitting(is_answer, 1):
                self.ask(topic, payload, response_topic, correlation)
            with contextlib.suppress(AssertionError):
                return self.wait(is_answer, ASK_AGAIN_S)
        raise AssertionError(f"no answer to {payload!r}")

    def wait(
        self, fits: Callable[[MQTTMessage], bool], deadline_s: float = DEADLINE_S
    ) -> MQTTMessage:
        """The first message that fits, also one that came already."""
        return self.wait_all(fits, 1, deadline_s)[0]

    def wait_all(
        self, fits: Callable[[MQTTMessage], bool], count: int, deadline_s: float = DEADLINE_S
    ) -> list[MQTTMessage]:
        """The first messages that fit."""
        with self._changed:
            found = self._changed.wait_for(lambda: self._fitting(fits, count), deadline_s)
        assert found, f"only got {[(m.topic, m.payload[:200]) for m in self.messages[-20:]]}"
        return found

    def _fitting(self, fits: Callable[[MQTTMessage], bool], count: int) -> list[MQTTMessage]:
        fitting = [message for message in self.messages if fits(message)]
        return fitting[:count] if len(fitting) >= count else []

    def wait_payload(self, topic: str, payload: str | bytes) -> MQTTMessage:
        """A message with this topic and these contents."""
        wanted = payload.encode() if isinstance(payload, str) else payload
        return self.wait(lambda message: message.topic == topic and message.payload == wanted)

    def wait_event(self, event_type: str, **fields: Any) -> dict[str, Any]:
        """An event of this type with at least these fields."""
        wanted = {"event_type": event_type, **fields}

        def fits(message: MQTTMessage) -> bool:
            if not message.topic.endswith("/event"):
                return False
            return wanted.items() <= json.loads(message.payload).items()

        event: dict[str, Any] = json.loads(self.wait(fits).payload)
        return event

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
