"""A memory card that takes seconds to write through: senders share that, nobody else waits."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from fakes.broker import free_port
from fakes.daemon_process import PATIENCE_S, DaemonProcess
from fakes.http_client import HttpClient
from fakes.slow_disk import SlowDisk

from tts_daemon.errors import TtsError

SYNC_S = 1.0
LONG = "今天天气晴朗，气温二十六度，适合出门散步。" * 20


class Senders:
    """Each sends one text in a thread of its own, and waits for the answer."""

    def __init__(self, daemon: DaemonProcess, count: int, text: str = "你好。") -> None:
        self.replies: list[dict[str, Any]] = []
        self._threads = [
            threading.Thread(target=self._send, args=(daemon, text), daemon=True)
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, daemon: DaemonProcess, text: str) -> None:
        # The daemon may end before it answers.
        with contextlib.suppress(TtsError):
            self.replies.append(daemon.ask(text=text))

    @property
    def waits(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


@pytest.fixture
def slow(daemon: DaemonProcess, tmp_path: Path) -> DaemonProcess:
    """A daemon on a slow disk, that speaks in real time."""
    disk = SlowDisk(tmp_path, SYNC_S)
    daemon.variables = disk.variables
    daemon.start(audio={"device": f"wav:{daemon.directory / 'heard.wav'}"})
    disk.switch.touch()
    return daemon


def speak_until_heard(daemon: DaemonProcess) -> None:
    Senders(daemon, 1, LONG)
    while daemon.ask(op="status")["state"] != "speaking":
        pass


def test_those_who_send_together_wait_together(slow: DaemonProcess) -> None:
    slow.ask(op="pause")
    began_s = time.monotonic()
    senders = Senders(slow, 8)
    senders.join()
    assert all(reply["ok"] for reply in senders.replies)
    assert time.monotonic() - began_s < 5 * SYNC_S, "each waited for a sync of its own"


def test_a_stop_is_not_behind_the_disk_and_stops_what_is_being_written(
    slow: DaemonProcess,
) -> None:
    speak_until_heard(slow)
    senders = Senders(slow, 4)
    while slow.ask(op="status")["queued"] < 4:
        assert senders.waits
    began_s = time.monotonic()
    state = slow.ask(op="stop")
    took_s = time.monotonic() - began_s
    assert senders.waits
    assert (state["state"], state["queued"]) == ("idle", 0)
    assert took_s < SYNC_S / 2
    senders.join()
    assert slow.ask(op="status")["counters"]["cancelled"] == 5


def test_the_end_does_not_wait_for_the_disk(slow: DaemonProcess) -> None:
    speak_until_heard(slow)
    Senders(slow, 4)
    while slow.ask(op="status")["queued"] < 4:
        pass
    began_s = time.monotonic()
    slow.signal(signal.SIGTERM)
    assert slow.wait() == 0
    assert time.monotonic() - began_s < 2 + SYNC_S


def test_over_http_a_stop_overtakes_the_disk_and_so_does_the_end(
    daemon: DaemonProcess, tmp_path: Path
) -> None:
    disk = SlowDisk(tmp_path, SYNC_S)
    daemon.variables = disk.variables
    client = HttpClient(free_port())
    heard = {"device": f"wav:{daemon.directory / 'heard.wav'}"}
    daemon.start(audio=heard, http={"enabled": True, "port": client.port})
    disk.switch.touch()
    speak_until_heard(daemon)

    def send() -> None:
        # The daemon may end before it answers.
        with contextlib.suppress(OSError, HTTPException):
            client.post("/api/say", {"text": "你好。"})

    # More than there are threads for renders.
    senders = [threading.Thread(target=send, daemon=True) for _ in range(12)]
    for sender in senders:
        sender.start()
    while daemon.ask(op="status")["queued"] < len(senders):
        assert any(sender.is_alive() for sender in senders)
    began_s = time.monotonic()
    state = client.post("/api/command", {"command": "stop"}).json
    took_s = time.monotonic() - began_s
    assert (state["state"], state["queued"]) == ("idle", 0)
    assert took_s < SYNC_S / 2
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert time.monotonic() - began_s < 2 + SYNC_S
