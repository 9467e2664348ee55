"""Every door is sent what nobody would send: no internal error, no end, and memory that stays."""

from __future__ import annotations

import contextlib
import json
import random
import re
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from fakes.broker import Broker, free_port
from fakes.daemon_process import DaemonProcess
from fakes.text_fuzz import strings
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from campaign.figures import Figure

PROMISE = """\
No message is an internal error or an end, and memory stays below 200 MB."""

NODE = "campaign"
FIELDS = (
    "text", "id", "preset", "voice", "emotion", "intensity", "speed", "pitch", "energy", "volume",
    "pause", "chime", "priority", "policy", "key", "ttl_s", "wait", "op", "nonsense",
)  # fmt: skip
VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 0.5, 1e308, 10**400, "", "x", "\x00", "\x1b[2J", "\ud800", [], {},
    [[]] * 3, "neutral", "happy", "important", "queue", "replace", "a" * 200, "../../etc/passwd",
    "😀", "1e400",
)  # fmt: skip
OPERATIONS = ("say", "status", "stop", "skip", "clear", "pause", "resume", "repeat", "volume")
TOPICS = ("say", "say/happy", "say/stream/a", "command", "volume/set", "preset/set", "speed/set")
PATHS = (
    "/api/say", "/api/tts", "/api/reading", "/v1/audio/speech", "/api/status", "/api/command",
    "/%00",
)  # fmt: skip
ORIGINS = ("", "null", "http://[", "http://localhost", "\x1b[2J")
EVENTS = ("synthesize", "describe", "ping", "synthesize-start", "synthesize-chunk", "nothing")
INTERNAL = re.compile(r"Traceback|internal error|internal:")
MOST_MB = 200.0
ANSWER_S = 60.0


class Sources:
    """Messages, broken in every way; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._texts = strings(seed)

    def payload(self) -> bytes:
        """A plain text, JSON with any fields, JSON that was damaged, or noise."""
        kind = self.random.random()
        if kind < 0.2:
            return next(self._texts).encode("utf-8", "surrogatepass")
        if kind < 0.3:
            return self.random.randbytes(self.random.randint(0, 60))
        if kind < 0.32:
            return b"[" * self.random.choice((10, 1000, 100_000))
        message = json.dumps(self.fields()).encode()
        if kind < 0.5 and message:
            place = self.random.randrange(len(message))
            message = message[:place] + self.random.randbytes(1) + message[place + 1 :]
        return message

    def fields(self) -> dict[str, object]:
        chosen = self.random.sample(FIELDS, self.random.randint(0, 5))
        message: dict[str, object] = {name: self.random.choice(VALUES) for name in chosen}
        if self.random.random() < 0.7:
            message["text"] = next(self._texts)
        if self.random.random() < 0.3:
            message["op"] = self.random.choice(OPERATIONS)
        message.pop("wait", None)
        return message


class Fuzzer:
    """Threads that send to the doors of one daemon until they are told to end."""

    def __init__(self, daemon: DaemonProcess, ports: dict[str, int], seed: int) -> None:
        self._daemon = daemon
        self._ports = ports
        self._seed = seed
        self._ending = threading.Event()
        self.sent: dict[str, int] = {}
        self._threads = [
            threading.Thread(target=self._work, args=(name, send, seed + index))
            for index, (name, send) in enumerate(
                (
                    ("socket", self._socket),
                    ("MQTT", self._mqtt),
                    ("Hermes", self._hermes),
                    ("HTTP", self._http),
                    ("Wyoming", self._wyoming),
                )
            )
        ]

    def run(self, seconds: float) -> None:
        for thread in self._threads:
            thread.start()
        time.sleep(seconds)
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _work(self, name: str, send: Callable[[Sources], int], seed: int) -> None:
        sources = Sources(seed)
        self.sent[name] = 0
        while not self._ending.is_set():
            with contextlib.suppress(OSError):
                self.sent[name] += send(sources)

    def _socket(self, sources: Sources) -> int:
        """A few lines by one connection, or a plain text that ends with it."""
        payloads = [sources.payload().replace(b"\n", b" ") for _ in range(200)]
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(self._daemon.socket))
            client.sendall(b'{"op": "status"}\n')
            reader = threading.Thread(target=_drain, args=(client,))
            reader.start()
            with contextlib.suppress(OSError):
                client.sendall(b"\n".join(payloads))
                client.shutdown(socket.SHUT_WR)
            reader.join()
        return len(payloads)

    def _mqtt(self, sources: Sources) -> int:
        topics = (
            "say",
            "say/happy",
            "say/stream/a",
            "command",
            "volume/set",
            "preset/set",
            "speed/set",
        )
        return self._publish(sources, [f"tts/{NODE}/{topic}" for topic in topics])

    def _hermes(self, sources: Sources) -> int:
        return self._publish(sources, ["hermes/tts/say"])

    def _publish(self, sources: Sources, topics: list[str]) -> int:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        client.connect("127.0.0.1", self._ports["mqtt"])
        client.loop_start()
        infos = [
            client.publish(sources.random.choice(topics), sources.payload()[:200_000], 1)
            for _ in range(200)
        ]
        for info in infos:
            info.wait_for_publish(20)
        # The daemon refuses this one after all the others: the broker has none in reserve.
        name = f"last-{sources.random.random()}"
        answered = threading.Event()

        def heard(_client: Client, _data: object, message: MQTTMessage) -> None:
            if name.encode() in message.payload:
                answered.set()

        client.on_message = heard
        client.subscribe(f"tts/{NODE}/event")
        client.publish(f"tts/{NODE}/say", json.dumps({"id": name}), 1)
        if not answered.wait(ANSWER_S):
            raise TimeoutError("no answer")
        client.disconnect()
        client.loop_stop()
        return len(infos) + 1

    def _http(self, sources: Sources) -> int:
        for _ in range(20):
            body = sources.payload()[:20_000]
            head = (
                f"POST {sources.random.choice(PATHS)} HTTP/1.1\r\nHost: localhost\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                f"Origin: {sources.random.choice(ORIGINS)}\r\nConnection: close\r\n\r\n"
            )
            with socket.create_connection(("127.0.0.1", self._ports["http"]), 20) as client:
                client.sendall(head.encode() + body)
                _drain(client)
        return 20

    def _wyoming(self, sources: Sources) -> int:
        for _ in range(20):
            data: object = {"text": next(sources._texts), **sources.fields()}
            event = json.dumps({"type": sources.random.choice(EVENTS), "data": data}).encode()
            if sources.random.random() < 0.3:
                event = sources.payload()[:20_000]
            with socket.create_connection(("127.0.0.1", self._ports["wyoming"]), 20) as client:
                client.sendall(event + b"\n")
                client.shutdown(socket.SHUT_WR)
                _drain(client)
        return 20


def _drain(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while client.recv(65536):
            pass


def run(directory: Path, seconds: float, seed: int) -> list[Figure]:
    """Fuzz every door at once for so many seconds."""
    directory.mkdir()
    broker = Broker(directory)
    broker.start()
    ports = {"mqtt": broker.port, "http": free_port(), "wyoming": free_port()}
    daemon = DaemonProcess(directory)
    daemon.start(
        mqtt={
            "enabled": True, "host": "127.0.0.1", "port": broker.port, "node": NODE,
            "hermes": {"enabled": True},
        },
        http={"enabled": True, "port": ports["http"]},
        wyoming={"enabled": True, "port": ports["wyoming"]},
        logging={"level": "warning"},
    )  # fmt: skip
    try:
        before_mb = daemon.resident_mb()
        fuzzer = Fuzzer(daemon, ports, seed)
        fuzzer.run(seconds)
        answers = daemon.ask(op="status")
        after_mb = daemon.resident_mb()
        daemon.signal(signal.SIGTERM)
        ended = daemon.wait()
    finally:
        daemon.close()
        broker.stop()
    internal = [line for line in daemon.log.splitlines() if INTERNAL.search(line)]
    print(f"fuzz: {fuzzer.sent}, internal: {internal[:3]}", flush=True)
    figures = [Figure(f"messages to {name}", count) for name, count in fuzzer.sent.items()]
    return [
        *figures,
        Figure("messages together", sum(fuzzer.sent.values())),
        Figure("internal errors", len(internal), 0),
        Figure("unorderly ends", int(ended != 0 or not answers["ok"]), 0),
        Figure("memory before", before_mb, unit="MB"),
        Figure("memory after", after_mb, MOST_MB, unit="MB"),
    ]
