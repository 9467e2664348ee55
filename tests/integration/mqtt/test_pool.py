"""Several daemons share the work; whoever asks as the documents say gets every answer."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.broker import DEADLINE_S, Broker, Watcher
from fakes.fake_service import SAMPLE_RATE, FakeSpeechService, tone
from paho.mqtt.client import MQTTMessage

from tts_daemon.errors import VoiceError
from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.settings.schema import PoolSettings

OpenDoor = Callable[..., MqttDoor]
Watch = Callable[..., Watcher]
StartNode = Callable[[str], "subprocess.Popen[bytes]"]

NODE = Path(__file__).parents[2] / "fakes" / "mqtt_node.py"
REQUESTS = "tts/pool/synthesize"
ANSWERS = "client/answers"
INSIDE = PoolSettings(enabled=True)


@pytest.fixture
def start_node(broker: Broker) -> Iterator[StartNode]:
    nodes: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> subprocess.Popen[bytes]:
        nodes.append(subprocess.Popen([sys.executable, NODE, str(broker.port), name]))
        return nodes[-1]

    yield start
    for node in nodes:
        node.kill()
        node.wait(DEADLINE_S)


@pytest.fixture
def watcher(watch: Watch) -> Watcher:
    return watch(ANSWERS)


def correlation(message: MQTTMessage) -> bytes:
    value: bytes = message.properties.CorrelationData  # type: ignore[union-attr]
    return value


def frames(payload: bytes) -> int:
    with wave.open(io.BytesIO(payload)) as file:
        assert file.getframerate() == SAMPLE_RATE
        return file.getnframes()


def test_text_in_wav_out(watcher: Watcher, open_door: OpenDoor, service: FakeSpeechService) -> None:
    service.chunks = [tone(0.5), tone(0.25)]
    open_door(pool=INSIDE)
    text = '{"text": "给我一个文件。", "preset": "happy"}'
    answer = watcher.answer_of(REQUESTS, text, ANSWERS, b"\x00\xff7")
    assert answer.properties.ContentType == "audio/wav"  # type: ignore[union-attr]
    assert frames(answer.payload) == round(0.75 * SAMPLE_RATE)
    assert service.accepted[0].preset == "happy"


def test_what_cannot_be_synthesised_is_answered(
    watcher: Watcher, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    service.chunks = [VoiceError("damaged")]
    open_door(pool=INSIDE)
    damaged = watcher.answer_of(REQUESTS, "坏了。", ANSWERS, b"1")
    empty = watcher.answer_of(REQUESTS, '{"text": ""}', ANSWERS, b"2")
    errors = [json.loads(answer.payload)["error"] for answer in (damaged, empty)]
    assert errors == ["voice", "invalid_request"]


@pytest.mark.parametrize("answers", ["", "$SYS/x", "a/+", "/".join("x" * 200)])
def test_a_request_that_cannot_be_answered_does_not_stop_the_pool(
    watcher: Watcher, open_door: OpenDoor, service: FakeSpeechService, answers: str
) -> None:
    service.chunks = [tone(0.1)]
    open_door(pool=INSIDE)
    watcher.answer_of(REQUESTS, "有人听。", ANSWERS, b"1")
    if answers:
        watcher.ask(REQUESTS, "没有人听。", answers, b"2")
    else:
        watcher.publish(REQUESTS, "没有人听。")
    watcher.answer_of(REQUESTS, "还有人听。", ANSWERS, b"3")
    assert service.texts.count("没有人听。") <= 1


def test_a_node_stays_out_of_the_pool_unless_it_is_told_otherwise(
    watcher: Watcher, open_door: OpenDoor, service: FakeSpeechService, broker: Broker
) -> None:
    outside = FakeSpeechService()
    open_door(node="outside", service=outside)
    service.chunks = [tone(0.1)]
    open_door(node="inside", pool=INSIDE)
    for number in range(4):
        watcher.answer_of(REQUESTS, "谁来？", ANSWERS, str(number).encode())
    assert outside.texts == []


def test_sixty_requests_and_nodes_killed_in_the_middle(
    watcher: Watcher, start_node: StartNode
) -> None:
    nodes = [start_node(name) for name in ("one", "two", "three")]
    watcher.answer_of(REQUESTS, "字", ANSWERS, b"1")
    # The length of the answer tells which text it belongs to.
    for number in range(2, 61):
        watcher.ask(REQUESTS, "字" * number, ANSWERS, str(number).encode())
    watcher.wait_all(lambda message: message.topic == ANSWERS, 6)
    for victim in nodes[:2]:
        victim.kill()
    for number in range(1, 61):
        answer = watcher.answer_of(REQUESTS, "字" * number, ANSWERS, str(number).encode())
        assert frames(answer.payload) == number * SAMPLE_RATE // 100


def test_a_node_that_comes_back_goes_on(watcher: Watcher, start_node: StartNode) -> None:
    node = start_node("only")
    watcher.answer_of(REQUESTS, "一个人。", ANSWERS, b"first")
    for number in range(10):
        watcher.ask(REQUESTS, "一个人。", ANSWERS, str(number).encode())
    node.kill()
    node.wait(DEADLINE_S)
    start_node("only")
    # What was dealt to it comes again, without being asked for again.
    watcher.wait(lambda _: len({*map(correlation, watcher.messages)}) == 11)
