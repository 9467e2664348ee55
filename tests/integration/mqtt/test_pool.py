"""Several daemons share the work, and nothing is lost when one of them is killed."""

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


def joined(watcher: Watcher, *names: str) -> None:
    for name in names:
        watcher.wait_payload(f"tts/pool/members/tts/{name}", "online")


def correlation(message: MQTTMessage) -> bytes:
    value: bytes = message.properties.CorrelationData  # type: ignore[union-attr]
    return value


def frames(payload: bytes) -> int:
    with wave.open(io.BytesIO(payload)) as file:
        assert file.getframerate() == SAMPLE_RATE
        return file.getnframes()


def test_text_in_wav_out(watch: Watch, open_door: OpenDoor, service: FakeSpeechService) -> None:
    service.chunks = [tone(0.5), tone(0.25, volume=50)]
    open_door()
    watcher = watch("tts/#", ANSWERS)
    joined(watcher, "living")
    watcher.ask(REQUESTS, '{"text": "给我一个文件。", "preset": "happy"}', ANSWERS, b"\x00\xff7")
    answer = watcher.wait(lambda message: message.topic == ANSWERS)
    assert correlation(answer) == b"\x00\xff7"
    assert answer.properties.ContentType == "audio/wav"  # type: ignore[union-attr]
    assert frames(answer.payload) == round(0.75 * SAMPLE_RATE)
    assert service.accepted[0].preset == "happy"


def test_what_cannot_be_synthesised_is_answered(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    service.chunks = [VoiceError("damaged")]
    open_door()
    watcher = watch("tts/#", ANSWERS)
    joined(watcher, "living")
    watcher.ask(REQUESTS, "坏了。", ANSWERS, b"1")
    watcher.ask(REQUESTS, '{"text": ""}', ANSWERS, b"2")
    answers = watcher.wait_all(lambda message: message.topic == ANSWERS, 2)
    errors = {correlation(answer): json.loads(answer.payload)["error"] for answer in answers}
    assert errors == {b"1": "voice", b"2": "invalid_request"}


def test_a_request_that_nobody_waits_for_does_not_stop_the_pool(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    service.chunks = [tone(0.1)]
    open_door()
    watcher = watch("tts/#", ANSWERS)
    joined(watcher, "living")
    watcher.publish(REQUESTS, "没有人听。")
    watcher.ask(REQUESTS, "有人听。", ANSWERS, b"1")
    watcher.wait(lambda message: message.topic == ANSWERS)
    assert service.texts == ["有人听。"]


def test_a_node_may_stay_out_of_the_pool(
    watch: Watch, open_door: OpenDoor, service: FakeSpeechService
) -> None:
    service.chunks = [tone(0.1)]
    open_door(node="aside", pool=PoolSettings(enabled=False))
    open_door(node="inside")
    watcher = watch("tts/#", ANSWERS)
    joined(watcher, "inside")
    for number in range(4):
        watcher.ask(REQUESTS, "谁来？", ANSWERS, str(number).encode())
    watcher.wait_all(lambda message: message.topic == ANSWERS, 4)


@pytest.mark.parametrize(
    "victims",
    # The heir of two is one: when both are gone, three has the sessions of both.
    [["two"], ["two", "one"]],
)
def test_sixty_requests_and_nodes_killed_in_the_middle(
    watch: Watch, start_node: StartNode, victims: list[str]
) -> None:
    watcher = watch("tts/#", ANSWERS)
    nodes = {name: start_node(name) for name in ("one", "two", "three")}
    joined(watcher, *nodes)
    # The length of the answer tells which text it belongs to.
    for number in range(1, 61):
        watcher.ask(REQUESTS, "字" * number, ANSWERS, str(number).encode())
    watcher.wait_all(lambda message: message.topic == ANSWERS, 6)
    for victim in victims:
        nodes[victim].kill()
    watcher.wait(lambda _: len(_answered(watcher)) == 60)
    lengths = {
        int(correlation(message)): frames(message.payload)
        for message in watcher.messages
        if message.topic == ANSWERS
    }
    assert lengths == {number: number * SAMPLE_RATE // 100 for number in range(1, 61)}
    # The sessions of the dead are given up, so that no more is dealt to them.
    for victim in victims:
        watcher.wait_payload(f"tts/pool/members/tts/{victim}", b"")
    for number in range(100, 106):
        watcher.ask(REQUESTS, "还在吗？", ANSWERS, str(number).encode())
    watcher.wait(lambda _: len(_answered(watcher)) == 66)


def _answered(watcher: Watcher) -> set[bytes]:
    return {correlation(m) for m in watcher.messages if m.topic == ANSWERS}


def test_a_node_that_comes_back_goes_on(watch: Watch, start_node: StartNode) -> None:
    watcher = watch("tts/#", ANSWERS)
    node = start_node("only")
    joined(watcher, "only")
    for number in range(10):
        watcher.ask(REQUESTS, "一个人。", ANSWERS, str(number).encode())
    watcher.wait(lambda message: message.topic == ANSWERS)
    node.kill()
    node.wait(DEADLINE_S)
    start_node("only")
    watcher.wait(lambda _: len(_answered(watcher)) == 10)
