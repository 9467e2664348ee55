"""From the broker to the (null) device, through the real player and its journal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.broker import DEADLINE_S, Broker, Watcher
from fakes.speaking import HummingSynthesizer, make_player

from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.playback import Player

OpenDoor = Callable[..., MqttDoor]
Watch = Callable[..., Watcher]

DAEMON = Path(__file__).parents[2] / "fakes" / "humming_daemon.py"


@pytest.fixture
def synthesizer() -> HummingSynthesizer:
    return HummingSynthesizer()


@pytest.fixture
def player(synthesizer: HummingSynthesizer, tmp_path: Path) -> Iterator[Player]:
    player = make_player(synthesizer, tmp_path / "queue.db")
    player.start()
    yield player
    player.stop()


@pytest.fixture
def watcher(watch: Watch, open_door: OpenDoor, player: Player) -> Watcher:
    open_door(service=player)
    watcher = watch("tts/#")
    watcher.wait_payload("tts/living/availability", "online")
    return watcher


def test_a_text_is_queued_started_and_finished(
    watcher: Watcher, synthesizer: HummingSynthesizer
) -> None:
    watcher.publish("tts/living/say", {"text": "洗衣机洗好了。", "id": "w1"})
    assert watcher.wait_event("queued", id="w1", source="mqtt")["position"] == 0
    watcher.wait_event("started", id="w1")
    finished = watcher.wait_event("finished", id="w1")
    assert finished["audio_ms"] > 0
    assert finished["first_audio_ms"] > 0
    assert finished["real_time_factor"] > 0
    assert synthesizer.texts == ["洗衣机洗好了。"]
    watcher.wait_payload("tts/living/state", "speaking")
    assert watcher.wait_payload("tts/living/state", "idle")


def test_an_id_is_spoken_once_however_it_comes(
    watcher: Watcher, synthesizer: HummingSynthesizer
) -> None:
    for topic in ("tts/living/say", "tts/all/say", "tts/living/say"):
        watcher.publish(topic, {"text": "只此一次。", "id": "same"})
    watcher.publish("tts/living/say", {"text": "完。", "id": "end"})
    watcher.wait_event("finished", id="end")
    assert synthesizer.texts == ["只此一次。", "完。"]


def test_the_same_text_without_an_id_is_spoken_each_time(
    watcher: Watcher, synthesizer: HummingSynthesizer
) -> None:
    watcher.publish("tts/living/say", "叮咚。")
    watcher.publish("tts/living/say", "叮咚。")
    watcher.publish("tts/living/say", {"text": "完。", "id": "end"})
    watcher.wait_event("finished", id="end")
    assert synthesizer.texts == ["叮咚。", "叮咚。", "完。"]


def test_pause_queues_and_a_full_queue_refuses(watcher: Watcher, player: Player) -> None:
    watcher.publish("tts/living/command", "pause")
    watcher.wait_payload("tts/living/state", "paused")
    for number in range(33):
        watcher.publish("tts/living/say", {"text": f"第{number}句。", "id": f"n{number}"})
    watcher.wait_event("failed", id="n32", reason="queue_full")
    watcher.publish("tts/living/command", "stop")
    watcher.wait_event("cancelled", id="n31")
    assert player.snapshot().queued == 0


def test_what_a_style_does_not_allow_is_refused(watcher: Watcher) -> None:
    watcher.publish("tts/living/say/nobody", "没有这个预设。")
    event = watcher.wait_event("failed", reason="invalid_request")
    assert "nobody" in event["message"]
    watcher.publish("tts/living/say", {"text": "太快。", "id": "fast", "speed": 9})
    assert "speed" in watcher.wait_event("failed", id="fast")["message"]


def test_values_are_checked_and_come_back(watcher: Watcher) -> None:
    watcher.publish("tts/living/volume/set", "130")
    assert "volume" in watcher.wait_event("failed", reason="invalid_request")["message"]
    watcher.publish("tts/living/volume/set", "30")
    watcher.wait_payload("tts/living/volume", "30")
    watcher.publish("tts/living/preset/set", "sad")
    watcher.wait_payload("tts/living/preset", "sad")


def test_what_was_accepted_outlives_kill_9(watch: Watch, broker: Broker, tmp_path: Path) -> None:
    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, DAEMON, str(broker.port), "living", tmp_path / "killed.db"]
        )

    daemon = start()
    watcher = watch("tts/#")
    watcher.wait_payload("tts/living/availability", "online")
    watcher.publish("tts/living/command", "pause")
    for number in range(5):
        watcher.publish("tts/living/say", {"text": "别忘了我。", "id": f"kept-{number}"})
    watcher.wait_event("queued", id="kept-4")
    daemon.kill()
    daemon.wait(DEADLINE_S)
    watcher.wait_payload("tts/living/availability", "offline")
    # One more while nobody is there: the broker keeps that one.
    watcher.publish("tts/living/say", {"text": "我也在。", "id": "kept-5"})
    daemon = start()
    for number in range(6):
        watcher.wait_event("finished", id=f"kept-{number}")
    daemon.terminate()
    daemon.wait(DEADLINE_S)
    events = [m.payload for m in watcher.messages if m.topic == "tts/living/event"]
    assert sum(b'"finished"' in event for event in events) == 6


def test_what_was_accepted_outlives_the_daemon(
    watch: Watch, open_door: OpenDoor, tmp_path: Path
) -> None:
    journal = tmp_path / "kept.db"
    first = make_player(HummingSynthesizer(), journal)
    first.start()
    door = open_door(service=first)
    watcher = watch("tts/#")
    watcher.wait_payload("tts/living/availability", "online")
    watcher.publish("tts/living/command", "pause")
    watcher.publish("tts/living/say", {"text": "别忘了我。", "id": "kept"})
    watcher.wait_event("queued", id="kept")
    door.stop()
    first.stop()
    synthesizer = HummingSynthesizer()
    second = make_player(synthesizer, journal)
    open_door(service=second)
    second.start()
    watcher.wait_event("finished", id="kept")
    second.stop()
    assert synthesizer.texts == ["别忘了我。"]
