"""Many messages from several clients: each one is accounted for, and memory stays where it is.

Short here; TTS_LOAD_SECONDS=60 makes it the full minute.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.broker import DEADLINE_S, Broker, Watcher
from fakes.fake_service import FakeSpeechService
from paho.mqtt.client import MQTTMessage

from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.inputs.mqtt.inbox import Inbox
from tts_daemon.inputs.mqtt.values import Message

Watch = Callable[..., Watcher]
OpenDoor = Callable[..., MqttDoor]

SECONDS = float(os.environ.get("TTS_LOAD_SECONDS", "3"))
RATE = 200
CLIENTS = 4
MEMORY_LIMIT_KB = 20_000
DAEMON = Path(__file__).parents[2] / "fakes" / "humming_daemon.py"
ENDS = ("finished", "cancelled", "expired", "failed")


class Sender(threading.Thread):
    """One client that sends at an even pace and remembers when."""

    def __init__(self, watcher: Watcher, name: str) -> None:
        super().__init__()
        self._watcher = watcher
        self._name = name
        self.sent_s: dict[str, float] = {}

    def run(self) -> None:
        start_s = time.monotonic()
        for number in range(round(SECONDS * RATE / CLIENTS)):
            time.sleep(max(0.0, start_s + number * CLIENTS / RATE - time.monotonic()))
            name = f"{self._name}-{number}"
            # One in three is worthless soon, so that some expire.
            ttl = {"ttl_s": 0.05} if number % 3 == 0 else {}
            payload = json.dumps({"text": "一二三四五。", "id": name, **ttl})
            self.sent_s[name] = time.monotonic()
            self._watcher.client.publish("tts/living/say", payload, 1)


class Accounts:
    """What became of each id, and when it was queued."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.queued_s: dict[str, float] = {}
        self._changed = threading.Condition()

    def wait_for(self, count: int) -> None:
        """Wait until so many have ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.ends) >= count, 2 * DEADLINE_S)

    def note(self, message: MQTTMessage) -> None:
        if not message.topic.endswith("/event"):
            return
        event = json.loads(message.payload)
        if event["event_type"] == "queued":
            self.queued_s[event["id"]] = time.monotonic()
        if event["event_type"] in ENDS:
            is_refusal = event.get("reason") == "queue_full"
            with self._changed:
                self.ends[event["id"]] += 1
                self.kinds["refused" if is_refusal else event["event_type"]] += 1
                self._changed.notify_all()


@pytest.fixture
def daemon(broker: Broker, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """In a process of its own, so that the clients' work is not counted as the daemon's."""
    daemon = subprocess.Popen(
        [sys.executable, DAEMON, str(broker.port), "living", tmp_path / "queue.db"]
    )
    yield daemon
    daemon.terminate()
    daemon.wait(DEADLINE_S)


def peak_memory_kb(process: subprocess.Popen[bytes]) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


@pytest.mark.timeout(SECONDS + 240)
def test_every_message_is_accounted_for(
    watch: Watch, daemon: subprocess.Popen[bytes], record_property: Callable[..., None]
) -> None:
    accounts = Accounts()
    observer = watch("tts/living/event", "tts/living/availability")
    observer.wait_payload("tts/living/availability", "online")
    observer.client.on_message = lambda _c, _u, message: accounts.note(message)
    senders = [Sender(watch(), f"client{number}") for number in range(CLIENTS)]
    memory_kb = peak_memory_kb(daemon)
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    sent_s = {name: at_s for sender in senders for name, at_s in sender.sent_s.items()}
    accounts.wait_for(len(sent_s))
    grown_kb = peak_memory_kb(daemon) - memory_kb

    assert accounts.ends.keys() == sent_s.keys()
    assert set(accounts.ends.values()) == {1}
    assert sum(accounts.kinds.values()) == len(sent_s)
    assert accounts.kinds["finished"] > 0
    assert grown_kb < MEMORY_LIMIT_KB
    waits_ms = sorted((at_s - sent_s[name]) * 1000 for name, at_s in accounts.queued_s.items())
    figures = {
        "sent": len(sent_s),
        **accounts.kinds,
        "queued_p50_ms": round(waits_ms[len(waits_ms) // 2], 1),
        "queued_p99_ms": round(waits_ms[int(len(waits_ms) * 0.99)], 1),
        "memory_grown_kb": grown_kb,
    }
    for name, value in figures.items():
        record_property(name, value)
    print(figures)


FLOOD = 3000


def test_a_flood_is_read_no_faster_than_it_is_obeyed(
    watch: Watch,
    open_door: OpenDoor,
    service: FakeSpeechService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths: list[int] = []
    put = Inbox.put

    def watched(inbox: Inbox, message: Message) -> None:
        put(inbox, message)
        lengths.append(len(inbox._waiting))

    monkeypatch.setattr(Inbox, "put", watched)
    monkeypatch.setattr("tts_daemon.inputs.mqtt.inbox.MOST_MESSAGES", 10)
    observer = watch("tts/living/availability", "tts/living/event")
    open_door()
    observer.wait_payload("tts/living/availability", "online")
    sender = watch()
    for _ in range(FLOOD - 1):
        sender.client.publish("tts/living/volume/set", "loud", 1)
    sender.publish("tts/living/say", '{"id": "last"}')
    observer.wait_event("failed", id="last")
    assert service.refused == FLOOD
    # What one read of the connection brings may exceed it.
    assert max(lengths) < 10 + 250
