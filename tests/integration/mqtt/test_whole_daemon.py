"""The whole daemon, with its tiny voice, at the broker: reload, quiet hours, the file's pool."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.broker import Broker, Watcher
from fakes.daemon_process import DaemonProcess
from fakes.hearing import Pcm, assert_says, assert_says_in_order, read_wav

Watch = Callable[..., Watcher]

GREETING = "你好，世界。"
CONFIG = "homeassistant/device/tts_daemon_living/config"
ALL_DAY_BUT_A_MINUTE = {"start": "00:00", "end": "23:59", "volume": 0}
ALL_NIGHT_BUT_A_MINUTE = {"start": "12:00", "end": "11:59", "volume": 0}


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonProcess]:
    directory = tmp_path / "daemon"
    directory.mkdir()
    process = DaemonProcess(directory)
    yield process
    process.close()


@pytest.fixture
def mqtt(broker: Broker) -> dict[str, Any]:
    """The section of the configuration."""
    return {
        "enabled": True,
        "host": "127.0.0.1",
        "port": broker.port,
        "node": "living",
        "pool": {"enabled": True},
    }


@pytest.fixture
def heard(daemon: DaemonProcess) -> Path:
    """Where the device writes."""
    return daemon.directory / "heard.wav"


@pytest.fixture
def audio(heard: Path) -> dict[str, Any]:
    """The section of the configuration."""
    return {"device": f"wav-fast:{heard}"}


@pytest.fixture
def watcher(
    watch: Watch, daemon: DaemonProcess, mqtt: dict[str, Any], audio: dict[str, Any]
) -> Watcher:
    watcher = watch("tts/#", "homeassistant/#", "answers")
    daemon.start(mqtt=mqtt, audio=audio)
    watcher.wait_payload("tts/living/availability", "online")
    return watcher


def listen(daemon: DaemonProcess, heard: Path) -> tuple[Pcm, int]:
    """End the daemon; what its device wrote."""
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    return read_wav(heard)


def test_a_reload_keeps_the_queue_and_tells_home_assistant(
    watcher: Watcher,
    daemon: DaemonProcess,
    mqtt: dict[str, Any],
    audio: dict[str, Any],
    heard: Path,
) -> None:
    watcher.publish("tts/living/command", "pause")
    watcher.publish("tts/living/say", {"text": "第一句。", "id": "waiting"})
    watcher.wait_event("queued", id="waiting")
    daemon.configure(mqtt=mqtt, audio=audio, presets={"whisper": {"volume": 50}, "angry": None})
    daemon.signal(signal.SIGHUP)
    news = watcher.wait(lambda m: m.topic == CONFIG and b"say_whisper" in m.payload)
    components = json.loads(news.payload)["components"]
    assert components["say_angry"] == {"platform": "notify"}
    assert "whisper" in components["preset"]["options"]
    watcher.publish("tts/living/command", "resume")
    watcher.wait_event("finished", id="waiting")
    waited = max(0, heard.stat().st_size - 44) // 2
    watcher.publish("tts/living/say/whisper", {"text": GREETING, "id": "soft"})
    watcher.wait_event("finished", id="soft")
    pcm, rate = listen(daemon, heard)
    assert_says(pcm[:waited], rate, "第一句。")
    assert_says(pcm[waited:], rate, GREETING, gain=0.5)


def test_quiet_hours_come_with_a_reload(
    watcher: Watcher,
    daemon: DaemonProcess,
    mqtt: dict[str, Any],
    audio: dict[str, Any],
    heard: Path,
) -> None:
    watcher.publish("tts/living/say", {"text": "第一句。", "id": "day"})
    watcher.wait_event("finished", id="day")
    # One of the two is in force at any time of day.
    for hours in (ALL_DAY_BUT_A_MINUTE, ALL_NIGHT_BUT_A_MINUTE):
        daemon.configure(mqtt=mqtt, audio=audio, quiet_hours=hours)
        daemon.signal(signal.SIGHUP)
        daemon.hear("READY=1")
        watcher.publish("tts/living/say", {"text": "水开了。", "id": f"night {hours['start']}"})
    assert watcher.wait_event("cancelled")["reason"] == "quiet hours"
    alarm = {"text": GREETING, "id": "fire", "priority": "important"}
    watcher.publish("tts/living/say", alarm)
    watcher.wait_event("finished", id="fire")
    assert_says_in_order(*listen(daemon, heard), "第一句。", GREETING)


def test_the_pool_makes_files_while_the_device_is_paused(watcher: Watcher) -> None:
    watcher.publish("tts/living/command", "pause")
    answer = watcher.answer_of("tts/pool/synthesize", GREETING, "answers", b"1")
    assert_says(*read_wav(answer.payload), GREETING)


def test_the_end_of_the_daemon_is_announced(watcher: Watcher, daemon: DaemonProcess) -> None:
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    watcher.wait_payload("tts/living/availability", "offline")
