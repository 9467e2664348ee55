"""What docs/protocol.md says about requests, events and MQTT is what the code does."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from pathlib import Path

import pytest
from fakes.fake_service import IDLE, FakeSpeechService

from tts_daemon.domain import STYLE_RANGES, Event, EventType, Policy, Priority, SpeakRequest, Style
from tts_daemon.inputs.messages import event_message, parse, snapshot_message
from tts_daemon.inputs.mqtt import hermes
from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.inputs.mqtt.entities import components, device_message
from tts_daemon.inputs.mqtt.entity_words import WORDS
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import Message, Publication
from tts_daemon.ports import Command
from tts_daemon.requests import FIELDS
from tts_daemon.settings.schema import (
    HermesSettings,
    MqttSettings,
)

TEXT = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text(encoding="utf-8")
TOPICS = Topics("tts", "living")


def section(title: str) -> str:
    """A chapter, without those below it that have a heading of the same rank."""
    rank, _, _ = title.partition(" ")
    begin = TEXT.index(f"\n{title}\n")
    end = re.compile(rf"\n#{{1,{len(rank)}}} ").search(TEXT, begin + len(title))
    return TEXT[begin : end.start() if end else None]


def rows(text: str, header: str) -> list[list[str]]:
    """Cells of the table that begins with this header."""
    table = text[text.index(header) :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", cell)


def examples(text: str) -> list[dict[str, object]]:
    """JSON objects, one a line, in blocks of JSON."""
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    return [json.loads(line) for block in blocks for line in block.splitlines()]


REQUEST = rows(section("## A request"), "| field |")


def test_every_field_of_a_request_is_described_once() -> None:
    assert [names(row[0])[0] for row in REQUEST] == list(FIELDS)


@pytest.mark.parametrize("row", REQUEST, ids=lambda row: row[0])
def test_the_example_of_a_field_is_accepted(row: list[str]) -> None:
    name, example = names(row[0])[0], json.loads(names(row[4])[0])
    request = parse(json.dumps({"text": "好。", name: example}).encode(), "mqtt")
    assert (asdict(request) | request.overrides)[name] == example


@pytest.mark.parametrize("row", REQUEST, ids=lambda row: row[0])
def test_the_default_of_a_field_is_the_one_that_counts(row: list[str]) -> None:
    name, default = names(row[0])[0], row[2]
    if named := re.fullmatch(r"the preset's, else (\S+)", default):
        counts = getattr(Style(), name)
        assert named[1] == (f"{counts:g}" if isinstance(counts, float) else counts or "none")
    if names(default):
        assert names(default) == [str(getattr(SpeakRequest("好。"), name))]


def test_priorities_and_policies_are_all_there() -> None:
    kinds = {names(row[0])[0]: names(row[1]) for row in REQUEST}
    assert kinds["priority"] == list(Priority)
    assert kinds["policy"] == list(Policy)


def test_limits_of_numbers_are_those_of_the_settings() -> None:
    for row in REQUEST:
        limits = re.search(r"(-?[\d.]+) to ([\d.]+)", row[1])
        if limits:
            known = STYLE_RANGES[names(row[0])[0]]
            assert (float(limits[1]), float(limits[2])) == (known.least, known.most)


def test_every_field_of_an_event_is_described_and_no_other_is_shown() -> None:
    described = [names(row[0])[0] for row in rows(section("## Events"), "| field |")]
    assert {*described} == {item.name for item in fields(Event)}
    shown = examples(section("## Events"))
    assert {str(event["event_type"]) for event in shown} == {*EventType}
    assert all(event.keys() <= {*described} for event in shown)
    whole = Event(EventType.FINISHED, "a", 0, 1.0, 2.0, 0.5, "r", "m", "mqtt", ("w",), "t", "local")
    assert event_message(whole, shows_text=True).keys() == {*described}


def test_every_topic_is_described() -> None:
    settings = MqttSettings(node="living", hermes=HermesSettings(enabled=True))
    door = MqttDoor(FakeSpeechService(), settings, instance="me")
    door._show(IDLE)
    ours = {*door._connection._session.subscriptions, *door._connection._outbox._kept}
    ours |= {item.topic for item in door._home_assistant.announce()}
    ours |= {TOPICS.own("event"), TOPICS.own("availability"), hermes.VOICES, hermes.ERROR}
    ours |= {TOPICS.pool, TOPICS.shared("tts")}
    placeholders = {
        "say/+": "say/<preset>",
        "say/stream/+": "say/stream/<id>",
        "$share/tts": "$share/<group>",
        "tts_daemon_living": "tts_daemon_<node>",
    }
    for old, new in placeholders.items():
        ours = {topic.replace(old, new) for topic in ours}
    assert ours <= {*names(TEXT)}


def test_every_command_is_described() -> None:
    row = next(row for row in rows(section("## MQTT"), "| topic |") if "command" in row[0])
    assert names(row[2]) == list(Command)


def test_every_attribute_is_described_with_an_example_of_its_kind() -> None:
    attributes = snapshot_message(IDLE)
    attributes = {"player_state": attributes.pop("state"), **attributes}
    table = rows(section("## MQTT"), "| field | type | at first |")
    assert [names(row[0])[0] for row in table] == list(attributes)
    for row in table:
        value, example = attributes[names(row[0])[0]], json.loads(names(row[4])[0])
        kind = next(
            (k for k, v in ((list, tuple), (str, str)) if isinstance(value, v)), type(value)
        )
        assert isinstance(example, float if value is None else kind)


def test_the_discovery_message_is_one_of_ours() -> None:
    block = re.search(r"```json\n(.*?)```", section("### Home Assistant"), re.DOTALL)
    assert block
    shown = json.loads(block[1])
    entities = components(TOPICS, WORDS["zh"], ("happy",))
    ours = device_message(TOPICS, "客厅语音", WORDS["zh"], entities)
    ours["device"]["model"] = "Raspberry Pi 5"
    assert shown["components"].pop("say_angry") == {"platform": "notify"}
    ours["components"] = {"say_happy": ours["components"]["say_happy"]}
    assert shown == ours


def test_every_component_is_described_with_its_platform() -> None:
    table = rows(section("### Home Assistant"), "| component |")
    described = {name: names(row[1])[0] for row in table for name in names(row[0])}
    del described["say_<preset>"]
    entities = components(TOPICS, WORDS["en"], ("happy",))
    ours = {key: entity["platform"] for key, entity in entities.items()}
    assert ours.pop("say_happy") == "notify"
    ours["preset"] = "select"
    assert described == ours


def test_the_examples_of_hermes_are_ours() -> None:
    service = FakeSpeechService()
    bridge = hermes.HermesBridge(service, HermesSettings(enabled=True))
    table = rows(section("### Hermes (Rhasspy, Snips)"), "| topic |")
    told = {names(row[0])[0]: json.loads(names(row[2])[0]) for row in table}
    answers: dict[str, dict[str, object]] = {}
    for topic in bridge.subscriptions:
        if topic != hermes.SAY_FINISHED:
            _note(answers, bridge.obey(Message(topic, json.dumps(told[topic]).encode())))
    assert service.texts == ["你好。", "你好。"]
    assert service.snapshot().volume == 50
    _note(answers, bridge.heard(Event(EventType.FINISHED, "h1", source="hermes")))
    nothing = told[hermes.SAY] | {"text": ""}
    _note(answers, bridge.obey(Message(hermes.SAY, json.dumps(nothing).encode())))
    assert {topic: answer.keys() for topic, answer in answers.items()} == {
        topic: told[topic].keys() for topic in (hermes.VOICES, hermes.SAY_FINISHED, hermes.ERROR)
    }
    assert answers[hermes.ERROR] == told[hermes.ERROR]


def _note(answers: dict[str, dict[str, object]], publications: list[Publication]) -> None:
    answers |= {item.topic: json.loads(item.payload) for item in publications}
