"""A stop at each door, while others send texts, on disks that are slow: until no sample is heard.

The WAV device writes each block when it begins to be heard; what is in the file after the length
that it had when the stop was sent, and the block before, was heard after the stop.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import numpy as np
from fakes.broker import Broker, free_port
from fakes.daemon_process import DaemonProcess
from fakes.slow_disk import SlowDisk
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from campaign.figures import Figure, percentile
from tts_daemon.client import SocketClient
from tts_daemon.sound.sink_machine import BLOCK_S

PROMISE = (
    "A stop at any door ends the sound within 60 ms (99 of 100, measured on the samples), whatever "
    "the disk does, and cancels everything that was accepted before it."
)
MOST_MS = 60.0
NODE = "campaign"
LONG = "今天天气晴朗，气温二十六度，适合出门散步。" * 20
DISKS_S = (0.0, 0.2, 2.0)
BYTES_PER_MS = 32.0
HEADER_BYTES = 44
BLOCK_MS = 1000 * BLOCK_S
"""At most; it is heard to its end."""
QUIET_S = 0.15

Stop = Callable[[], object]


def run(directory: Path, seconds: float, seed: int) -> list[Figure]:
    """Stop at every door in turn, on every disk, for so many seconds."""
    del seed
    directory.mkdir()
    broker = Broker(directory)
    broker.start()
    try:
        return _on_every_disk(directory, broker.port, seconds / len(DISKS_S))
    finally:
        broker.stop()


def _on_every_disk(directory: Path, port: int, seconds: float) -> list[Figure]:
    late_ms: dict[str, list[float]] = {}
    figures: list[Figure] = []
    left = 0
    for sync_s in DISKS_S:
        place = directory / f"{sync_s:g}"
        place.mkdir()
        with _speaking(place, port, sync_s) as (daemon, stops):
            heard_ms, survivors = _stop_again(daemon, place / "heard.wav", stops, seconds)
        left += survivors
        name = f"on a disk that takes {sync_s:g} s" if sync_s else "on a quick disk"
        every = [took for values in heard_ms.values() for took in values]
        figures.append(Figure(f"sound after a stop, {name}", percentile(every, 99), MOST_MS, "ms"))
        for door, values in heard_ms.items():
            late_ms.setdefault(door, []).extend(values)
    every = [took for values in late_ms.values() for took in values]
    return [
        Figure("stops", len(every)),
        Figure("sound after a stop, median", percentile(every, 50), unit="ms"),
        *(
            Figure(f"sound after a stop by {door}, 99 of 100", percentile(took, 99), MOST_MS, "ms")
            for door, took in late_ms.items()
        ),
        *figures,
        Figure("texts sent before a stop that waited or were heard after it", left, 0),
    ]


@contextmanager
def _speaking(
    place: Path, mqtt_port: int, sync_s: float
) -> Iterator[tuple[DaemonProcess, dict[str, Stop]]]:
    """A daemon in real time, and how each door is told to stop."""
    disk = SlowDisk(place, sync_s)
    daemon = DaemonProcess(place)
    daemon.variables = disk.variables
    http_port = free_port()
    with ExitStack() as stack:
        stack.callback(daemon.close)
        daemon.start(
            audio={"device": f"wav:{place / 'heard.wav'}"},
            mqtt={"enabled": True, "host": "127.0.0.1", "port": mqtt_port, "node": NODE},
            http={"enabled": True, "port": http_port},
            logging={"level": "warning"},
        )
        daemon.wait_until(lambda status: not status.get("troubles"))
        if sync_s:
            disk.switch.touch()
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", mqtt_port)
        client.loop_start()
        stack.callback(client.loop_stop)
        stack.callback(client.disconnect)
        yield (
            daemon,
            {
                "socket": lambda: daemon.ask(op="stop"),
                "MQTT": lambda: client.publish(f"tts/{NODE}/command", "stop", 1),
                "HTTP": lambda: _stop_by_http(http_port),
            },
        )


def _stop_by_http(port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        head = {"Content-Type": "application/json"}
        connection.request("POST", "/api/command", json.dumps({"command": "stop"}), head)
        assert connection.getresponse().status == 200


def _stop_again(
    daemon: DaemonProcess, heard: Path, stops: dict[str, Stop], seconds: float
) -> tuple[dict[str, list[float]], int]:
    """Sound after each stop in milliseconds, by door, and how many texts were left."""
    heard_ms: dict[str, list[float]] = {door: [] for door in stops}
    end_s = time.monotonic() + seconds
    left = 0
    while time.monotonic() < end_s:
        for door, stop in stops.items():
            took_ms, survivors = _stop_once(daemon, heard, stop)
            heard_ms[door].append(took_ms)
            left += survivors
    return heard_ms, left


def _stop_once(daemon: DaemonProcess, heard: Path, stop: Stop) -> tuple[float, int]:
    before = heard.stat().st_size if heard.exists() else 0
    senders = [threading.Thread(target=_send, args=(daemon, text)) for text in (LONG, "你好。")]
    for sender, waiting in zip(senders, (0, 1), strict=True):
        sender.start()
        daemon.wait_until(
            lambda status, waiting=waiting: (
                status["state"] == "speaking" and status["queued"] == waiting
            )
        )
    while not (heard.exists() and _sound(heard, before).any()):
        time.sleep(0.005)
    length = heard.stat().st_size
    stop()
    daemon.wait_until(lambda status: status["state"] == "idle")
    time.sleep(QUIET_S)
    status = daemon.ask(op="status")
    for sender in senders:
        sender.join()
    after = np.flatnonzero(_sound(heard, length))
    more_ms = 2 * (int(after[-1]) + 1) / BYTES_PER_MS if len(after) else 0.0
    return more_ms + BLOCK_MS, status["queued"] + (status["state"] != "idle")


def _send(daemon: DaemonProcess, text: str) -> None:
    with SocketClient([daemon.socket]) as client:
        client.ask(text=text)


def _sound(heard: Path, begin: int) -> np.ndarray:
    with heard.open("rb") as file:
        file.seek(max(begin, HEADER_BYTES))
        whole = file.read()
    return np.frombuffer(whole[: len(whole) // 2 * 2], "<i2")
