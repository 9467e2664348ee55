"""A real Home Assistant core finds the daemon, makes it speak, and notices when it is gone.

`scripts/test --home-assistant` prepares the Python that has the core, and names it in
TTS_HOME_ASSISTANT_PYTHON (a command line).
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.broker import MOSQUITTO, Broker, free_port
from fakes.fake_service import IDLE, FakeSpeechService
from fakes.home_assistant_docs import pasted
from fakes.requirements import unavailable

from tts_daemon.domain import Event, EventType, PlayerState, Policy, Priority
from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.inputs.mqtt.values import Retry
from tts_daemon.ports import Command
from tts_daemon.settings.schema import HomeAssistantSettings, MqttSettings

DRIVER = Path(__file__).parent / "core_driver.py"
PATIENCE_S = 90.0
ENTITIES = (
    "say", "say_neutral", "say_happy", "preset", "volume", "speed", "stop", "pause", "resume",
    "repeat", "speech", "state", "speaking",
)  # fmt: skip
UNAVAILABLE = "unavailable"

pytestmark = pytest.mark.timeout(300)


class Core:
    """A Home Assistant in a process of its own."""

    def __init__(self, python: list[str], directory: Path, broker_port: int) -> None:
        arguments = [str(DRIVER), str(directory), str(broker_port), str(free_port())]
        self._process = subprocess.Popen(
            [*python, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "Home Assistant ended"
        answer = json.loads(line)
        assert "error" not in answer, answer
        return answer

    def ask(self, **order: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._read()

    def entity(self, key: str) -> dict[str, Any]:
        """An entity of ours by the end of its unique id; empty where there is none."""
        found: dict[str, Any] = self.ask(do="states").get(f"tts_daemon_living_{key}", {})
        return found

    def wait(self, key: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until an entity is as wanted."""
        ends_s = time.monotonic() + PATIENCE_S
        while not fits(seen := self.entity(key)):
            assert time.monotonic() < ends_s, seen
            time.sleep(0.2)
        return seen

    def wait_state(self, key: str, state: str) -> dict[str, Any]:
        return self.wait(key, lambda entity: entity.get("state") == state)

    def call(self, service: str, key: str, **data: Any) -> None:
        """Call a service, such as `button.press`, on an entity of ours."""
        domain, _, name = service.partition(".")
        target = {"entity_id": self.entity(key)["entity_id"]}
        self.ask(do="call", domain=domain, service=name, data=target | data)

    def set_up(self, domain: str, config: Any) -> None:
        """What stands in configuration.yaml under this name."""
        assert self.ask(do="set_up", domain=domain, config=config)["ok"], domain

    def run(self, script: str) -> None:
        """Begin a script."""
        self.ask(do="call", domain="script", service="turn_on", data={"entity_id": script})

    def is_running(self, script: str) -> bool:
        return bool(self.ask(do="state", entity_id=script)["state"] == "on")

    def close(self) -> None:
        self.ask(do="stop")
        self._process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def python() -> list[str]:
    command = os.environ.get("TTS_HOME_ASSISTANT_PYTHON")
    if not command or MOSQUITTO is None:
        unavailable("no Home Assistant core, or no mosquitto: scripts/test --home-assistant")
    return shlex.split(command)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def service() -> FakeSpeechService:
    return FakeSpeechService(finishes=False)


@pytest.fixture(scope="module")
def open_door(broker: Broker, service: FakeSpeechService) -> Callable[..., MqttDoor]:
    settings = MqttSettings(
        host="127.0.0.1",
        port=broker.port,
        node="living",
        home_assistant=HomeAssistantSettings(name="客厅语音", language="zh"),
    )

    def make(**changes: Any) -> MqttDoor:
        wanted = replace(settings, **changes)
        door = MqttDoor(service, wanted, retry=Retry(0.05, 0.2, 0.2), instance="me")
        door.start()
        return door

    return make


@pytest.fixture(scope="module")
def door(open_door: Callable[[], MqttDoor]) -> Iterator[MqttDoor]:
    door = open_door()
    yield door
    door.stop()


@pytest.fixture(scope="module")
def home(
    python: list[str], broker: Broker, door: MqttDoor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Core]:
    home = Core(python, tmp_path_factory.mktemp("home"), broker.port)
    for key in ENTITIES:
        home.wait(key, lambda entity: entity.get("state", UNAVAILABLE) != UNAVAILABLE)
    yield home
    home.close()


def wait_for(condition: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends_s
        time.sleep(0.05)


def test_every_entity_appears_by_itself(home: Core) -> None:
    ours = {name for name in home.ask(do="states") if name.startswith("tts_daemon_living_")}
    assert ours == {f"tts_daemon_living_{key}" for key in ENTITIES}
    assert home.entity("say_happy")["attributes"]["friendly_name"] == "客厅语音 播报（高兴）"
    assert home.entity("preset")["attributes"]["options"] == ["平静", "高兴"]
    volume = home.entity("volume")
    assert (float(volume["state"]), volume["attributes"]["max"]) == (100, 100)
    assert home.entity("state")["attributes"]["voices"] == ["tiny"]


def test_a_notification_is_spoken(home: Core, service: FakeSpeechService) -> None:
    home.call("notify.send_message", "say_happy", message="客人来了。")
    wait_for(lambda: bool(service.accepted))
    assert (service.texts[-1], service.accepted[-1].preset) == ("客人来了。", "happy")


def test_a_notification_to_the_device_is_spoken_once(
    home: Core, service: FakeSpeechService
) -> None:
    device = home.ask(do="device", identifier="tts_daemon_living")["id"]
    spoken = len(service.accepted)
    data = {"device_id": device, "message": "{开头是括号"}
    home.ask(do="call", domain="notify", service="send_message", data=data)
    # Messages come in the order in which they were sent.
    home.call("notify.send_message", "say_happy", message='{"text": "这也是文字"}')
    wait_for(lambda: service.texts[-1:] == ['{"text": "这也是文字"}'])
    assert service.texts[spoken:-1] == ["{开头是括号"]


def test_stop_works(home: Core, service: FakeSpeechService) -> None:
    home.call("button.press", "stop")
    wait_for(lambda: Command.STOP in service.commands)


def test_values_are_set_and_shown(home: Core, service: FakeSpeechService) -> None:
    home.call("number.set_value", "volume", value=35)
    home.call("number.set_value", "speed", value=1.25)
    home.call("select.select_option", "preset", option="高兴")
    wait_for(lambda: service.snapshot().preset == "happy")
    service.emit(service.snapshot())
    home.wait("volume", lambda entity: float(entity["state"]) == 35)
    home.wait("speed", lambda entity: float(entity["state"]) == 1.25)
    home.wait_state("preset", "高兴")


def test_states_and_events_follow(home: Core, service: FakeSpeechService) -> None:
    service.emit(replace(IDLE, state=PlayerState.SPEAKING, speaking_id="x", queued=3))
    home.wait_state("speaking", "on")
    home.wait("state", lambda entity: entity["attributes"]["queued"] == 3)
    assert home.entity("state")["state"] == "正在播报"
    assert home.entity("state")["attributes"]["player_state"] == "speaking"
    service.emit(Event(EventType.FINISHED, "x", audio_ms=1200.0))
    event = home.wait("speech", lambda e: e["attributes"]["event_type"] == "finished")
    assert event["attributes"]["audio_ms"] == 1200.0
    service.emit(IDLE)
    home.wait_state("speaking", "off")


def test_the_automations_of_the_documentation(home: Core, service: FakeSpeechService) -> None:
    automations = pasted("actions")
    home.ask(do="set_state", entity_id="sensor.kettle_temperature", state="20")
    home.set_up("automation", automations)
    spoken = len(service.accepted)
    home.ask(do="set_state", entity_id="sensor.kettle_temperature", state="98.4")
    wait_for(lambda: len(service.accepted) == spoken + len(automations))
    for request in service.accepted[spoken:]:
        assert (request.text, request.preset) == ("水烧开了，现在98度。", "happy")


def test_the_scripts_of_the_documentation(
    home: Core, door: MqttDoor, service: FakeSpeechService
) -> None:
    scripts = {f"pasted_{number}": script for number, script in enumerate(pasted("sequence"))}
    assert len(scripts) == 4
    for step in (step for script in scripts.values() for step in script["sequence"]):
        # So that nothing but the event ends the waiting.
        step |= {"timeout": "01:00:00"} if "timeout" in step else {}
    home.set_up("light", [])
    home.set_up("script", scripts)
    for name in scripts:
        # The scripts of both languages may use one id.
        service.accepted.clear()
        home.run(f"script.{name}")
        wait_for(lambda: bool(service.accepted))
        request = service.accepted[0]
        if request.key == "doorbell":
            assert request.text == "有人按门铃。"
            assert (request.priority, request.policy) == (Priority.IMPORTANT, Policy.REPLACE)
            assert request.ttl_s == 30
        else:
            assert (request.text, request.preset) == ("我要关灯了，晚安。", "gentle")
            assert home.is_running(f"script.{name}")
        while home.is_running(f"script.{name}"):
            # Over and over, since the script may not listen yet; the player would tell it once.
            door._tell(Event(EventType.FINISHED, request.id))


def test_a_removed_preset_vanishes(home: Core, service: FakeSpeechService) -> None:
    service.emit(replace(IDLE, presets=("neutral",)))
    home.wait("say_happy", lambda entity: not entity)
    assert home.entity("say_neutral")
    service.emit(IDLE)
    home.wait("say_happy", bool)


def test_availability_follows(
    home: Core,
    door: MqttDoor,
    open_door: Callable[..., MqttDoor],
    service: FakeSpeechService,
) -> None:
    door.stop()
    for key in ENTITIES:
        home.wait_state(key, UNAVAILABLE)
    # Home Assistant sends nothing to an entity that is unavailable; the broker keeps what is
    # published to the topic.
    spoken = len(service.accepted)
    home.call("notify.send_message", "say", message="没有人听见。")
    data = {"topic": "tts/living/say", "payload": "回来就说。", "qos": 1}
    home.ask(do="call", domain="mqtt", service="publish", data=data)
    again = open_door()
    for key in ENTITIES:
        home.wait(key, lambda entity: entity["state"] != UNAVAILABLE)
    wait_for(lambda: len(service.accepted) > spoken)
    assert service.texts[spoken:] == ["回来就说。"]
    again.stop()


def test_a_broker_that_restarts_is_survived(
    home: Core, broker: Broker, open_door: Callable[[], MqttDoor], service: FakeSpeechService
) -> None:
    again = open_door()
    home.wait("say", lambda entity: entity["state"] != UNAVAILABLE)
    broker.restart()
    home.wait_state("say", UNAVAILABLE)
    home.wait("say", lambda entity: entity["state"] != UNAVAILABLE)
    spoken = len(service.accepted)
    home.call("notify.send_message", "say", message="又连上了。")
    wait_for(lambda: len(service.accepted) > spoken)
    again.stop()


def test_a_renamed_node_leaves_no_ghost(
    home: Core, open_door: Callable[..., MqttDoor], service: FakeSpeechService
) -> None:
    open_door().stop()
    renamed = open_door(node="parlour")
    home.wait("say", lambda entity: not entity)
    assert home.ask(do="device", identifier="tts_daemon_living")["id"] is None
    wait_for(lambda: "tts_daemon_parlour_say" in home.ask(do="states"))
    renamed.stop()
    off = open_door(node="parlour", home_assistant=HomeAssistantSettings(enabled=False))
    wait_for(lambda: "tts_daemon_parlour_say" not in home.ask(do="states"))
    off.stop()
