"""A memory card that takes seconds to write through does not stand before a stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.broker import Broker, Watcher
from fakes.daemon_process import DaemonProcess
from fakes.slow_disk import SlowDisk

SYNC_S = 1.5
LONG = "今天天气晴朗，气温二十六度，适合出门散步。" * 20


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonProcess]:
    directory = tmp_path / "daemon"
    directory.mkdir()
    process = DaemonProcess(directory)
    yield process
    process.close()


def test_a_stop_overtakes_the_disk(
    broker: Broker, watch: Callable[..., Watcher], daemon: DaemonProcess, tmp_path: Path
) -> None:
    watcher = watch("tts/#")
    disk = SlowDisk(tmp_path, SYNC_S)
    daemon.variables = disk.variables
    section = {"enabled": True, "host": "127.0.0.1", "port": broker.port, "node": "living"}
    daemon.start(mqtt=section, audio={"device": f"wav:{tmp_path / 'heard.wav'}"})
    watcher.wait_payload("tts/living/availability", "online")
    disk.switch.touch()
    watcher.publish("tts/living/say", {"text": LONG, "id": "long"})
    watcher.wait_event("started", id="long")
    for name in ("a", "b", "c"):
        watcher.publish("tts/living/say", {"text": "你好。", "id": name})
    began_s = time.monotonic()
    watcher.publish("tts/living/command", "stop")
    watcher.wait_event("cancelled", id="long")
    assert time.monotonic() - began_s < SYNC_S / 2
    for name in ("a", "b", "c"):
        watcher.wait_event("cancelled", id=name)
    disk.switch.unlink()
