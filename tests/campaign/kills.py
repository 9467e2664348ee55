"""Kills and broker restarts, accounted for exactly: what was accepted, told, and heard.

Texts are accepted by MQTT while the daemon is killed and the broker is restarted at random moments.
Afterwards every accepted id has exactly one final event, and every text that is said to be finished
stands in the WAV file byte for byte, as often as it was finished.
"""

from __future__ import annotations

import json
import random
import signal
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

from fakes.broker import Broker
from fakes.daemon_process import DaemonProcess
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from campaign.figures import Figure
from tts_daemon.domain import FINAL

PROMISE = """\
An acknowledged text is never lost, is heard whole, and has exactly one final event, whenever the
daemon is killed or the broker restarted. A text that two kills cut off ends as `failed`, reason
`poison`."""

NODE = "campaign"
TEXTS = tuple(f"第{number}号窗口，请{word}。" for number in range(3, 9) for word in ("进", "出"))
MOST_WAITING = 12
FAREWELL_S = 120.0
HEADER_BYTES = 44


class Sender:
    """A sender that publishes until the broker has it, and a listener whose session lasts."""

    def __init__(self, port: int) -> None:
        self.events: list[dict[str, Any]] = []
        self._seen: set[bytes] = set()
        self._changed = threading.Condition()
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"campaign-{uuid.uuid4().hex}",
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        topics = [(f"tts/{NODE}/event", 2), (f"tts/{NODE}/availability", 1)]
        self._online = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe(topics)
        self._client.on_message = self._heard
        self._client.reconnect_delay_set(0.1, 0.5)
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        self._client.connect_async("127.0.0.1", port, clean_start=False, properties=properties)
        self._client.loop_start()

    def _heard(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.topic.endswith("availability"):
            if message.payload == b"online":
                self._online.set()
            return
        with self._changed:
            # The broker delivers again to us what we had not acknowledged: its doing, not the
            # daemon's, and marked as such.
            if message.dup and message.payload in self._seen:
                return
            self._seen.add(message.payload)
            self.events.append(json.loads(message.payload))
            self._changed.notify_all()

    def say(self, name: str, text: str) -> bool:
        """Publish; whether the broker has acknowledged it."""
        payload = json.dumps({"id": name, "text": text})
        info = self._client.publish(f"tts/{NODE}/say", payload, 1)
        try:
            info.wait_for_publish(30)
        except (RuntimeError, ValueError):
            return False
        return info.is_published()

    def wait_online(self) -> None:
        """Until the daemon has had its first connection."""
        assert self._online.wait(60)

    def finals(self) -> Counter[str]:
        """Final events by id."""
        with self._changed:
            return Counter(item["id"] for item in self.events if item["event_type"] in FINAL)

    def wait_for(self, names: set[str], timeout_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: names <= set(self.finals()), timeout_s)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def run(directory: Path, seconds: float, seed: int) -> list[Figure]:
    """Kill and restart for so many seconds, then account for everything."""
    directory.mkdir()
    chance = random.Random(seed)
    broker = Broker(
        directory,
        ("allow_anonymous true", "persistence true", f"persistence_location {directory}/"),
    )
    broker.start()
    daemon = DaemonProcess(directory)
    expected = _spoken_alone(directory / "alone")
    daemon.configure(
        audio={"device": f"wav-fast:{directory / 'heard.wav'}"},
        mqtt={"enabled": True, "host": "127.0.0.1", "port": broker.port, "node": NODE},
        queue={"journal": str(directory / "queue.db"), "limit": 1000},
        synthesis={"cache_mb": 0},
    )
    client = Sender(broker.port)
    accepted: dict[str, str] = {}
    kills = restarts = 0
    end_s = time.monotonic() + seconds
    try:
        while time.monotonic() < end_s:
            daemon.launch()
            daemon.hear("READY=1")
            # Before its first connection the broker keeps nothing for it.
            client.wait_online()
            life_end_s = time.monotonic() + chance.uniform(0.0, 1.0)
            while True:
                name, text = f"u{len(accepted)}", chance.choice(TEXTS)
                if len(accepted) - len(client.finals()) > MOST_WAITING:
                    time.sleep(0.002)
                elif client.say(name, text):
                    accepted[name] = text
                if time.monotonic() > life_end_s:
                    break
            daemon.signal(signal.SIGKILL)
            daemon.wait()
            kills += 1
            if kills % 8 == 0:
                broker.stop()
                broker.start()
                restarts += 1
        daemon.launch()
        daemon.hear("READY=1")
        client.wait_for(set(accepted), FAREWELL_S)
        # What comes twice comes now.
        client.say("last", TEXTS[0])
        client.wait_for({"last"}, FAREWELL_S)
        return _account(client, accepted, expected, directory / "heard.wav", kills, restarts)
    finally:
        client.close()
        daemon.close()
        broker.stop()


def _spoken_alone(directory: Path) -> dict[str, bytes]:
    """What each text sounds like, by a daemon that nothing happens to."""
    directory.mkdir()
    sounds: dict[str, bytes] = {}
    daemon = DaemonProcess(directory)
    heard = directory / "heard.wav"
    daemon.start(audio={"device": f"wav-fast:{heard}"}, synthesis={"cache_mb": 0})
    begin = HEADER_BYTES
    for text in TEXTS:
        assert daemon.ask(text=text, wait=True)["event_type"] == "finished"
        whole = heard.read_bytes()
        # Silence before the first word wakes the amplifier up; it depends on the rest before.
        sounds[text] = whole[begin:].strip(b"\0")
        begin = len(whole)
    daemon.close()
    assert len(set(sounds.values())) == len(TEXTS)
    return sounds


def _account(
    client: Sender,
    accepted: dict[str, str],
    expected: dict[str, bytes],
    heard: Path,
    kills: int,
    restarts: int,
) -> list[Figure]:
    finals = client.finals()
    lost = [name for name in accepted if finals[name] == 0]
    twice = [name for name in accepted if finals[name] > 1]
    ends = Counter(
        item["event_type"] + (":poison" if item.get("reason") == "poison" else "")
        for item in client.events
        if item["event_type"] in FINAL and item["id"] in accepted
    )
    ids = {item["id"] for item in client.events if item["event_type"] == "finished"}
    finished = Counter(accepted[name] for name in ids & set(accepted))
    sound = heard.read_bytes()
    unheard = {
        text: (count, sound.count(expected[text]))
        for text, count in finished.items()
        if sound.count(expected[text]) < count
    }
    print(f"kills: {dict(ends)}, lost {lost[:5]}, twice {twice[:5]}, unheard {unheard}", flush=True)
    return [
        Figure("SIGKILLs of the daemon", kills),
        Figure("restarts of the broker", restarts),
        Figure("texts accepted meanwhile", len(accepted)),
        Figure("accepted, and never ended", len(lost), 0),
        Figure("ended more than once", len(twice), 0),
        Figure("finished, but not in the sound byte for byte", len(unheard), 0),
        Figure("ended as poison (cut off twice by a kill)", ends["failed:poison"]),
    ]
