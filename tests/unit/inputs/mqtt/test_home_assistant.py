"""The discovery message against the rules that Home Assistant publishes."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest

from tts_daemon.domain import PlayerState
from tts_daemon.inputs.mqtt.entities import object_id
from tts_daemon.inputs.mqtt.entity_words import WORDS
from tts_daemon.inputs.mqtt.home_assistant import HomeAssistant
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import Message, Publication
from tts_daemon.language import LANGUAGES
from tts_daemon.settings.schema import HomeAssistantSettings

TOPICS = Topics("tts", "living")
KEPT = ("availability", "state", "attributes", "volume", "speed", "preset", "announced")
STATUS = "homeassistant/status"
ID = re.compile(r"[a-zA-Z0-9_-]+")

# What each platform cannot do without (Home Assistant's documentation of MQTT).
REQUIRED = {
    "notify": {"command_topic"},
    "select": {"command_topic", "options"},
    "number": {"command_topic"},
    "button": {"command_topic"},
    "event": {"state_topic", "event_types"},
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
}


@pytest.fixture
def home() -> HomeAssistant:
    home = HomeAssistant(HomeAssistantSettings(language="zh"), TOPICS)
    home.show_presets(("neutral", "happy", "悄悄话"))
    return home


def config(publications: list[Publication]) -> dict[str, Any]:
    """The discovery message among what is to be published."""
    value: dict[str, Any] = next(
        json.loads(item.payload) for item in publications if item.topic.endswith("/config")
    )
    return value


def memory(publications: list[Publication]) -> Message:
    """What the next run finds at the broker."""
    kept = next(item for item in publications if item.topic == TOPICS.own("announced"))
    assert kept.retain
    return Message(kept.topic, kept.payload, retained=True)


def test_the_topic_is_that_of_a_device(home: HomeAssistant) -> None:
    publication = home.announce()[0]
    prefix, component, name, end = publication.topic.split("/")
    assert (prefix, component, end) == ("homeassistant", "device", "config")
    assert ID.fullmatch(name)
    assert not publication.retain


def test_device_and_origin_are_there(home: HomeAssistant) -> None:
    message = config(home.announce())
    assert message["origin"]["name"]
    assert message["device"]["identifiers"] == ["tts_daemon_living"]
    assert message["device"]["name"]
    assert message["availability_topic"] == "tts/living/availability"


def test_every_component_has_what_its_platform_needs(home: HomeAssistant) -> None:
    components = config(home.announce())["components"]
    unique_ids = [component["unique_id"] for component in components.values()]
    assert len(set(unique_ids)) == len(unique_ids)
    for key, component in components.items():
        assert ID.fullmatch(key)
        assert ID.fullmatch(component["unique_id"])
        assert component.keys() >= REQUIRED[component["platform"]]
        domain, _, name = component["default_entity_id"].partition(".")
        assert domain == component["platform"]
        assert re.fullmatch(r"[a-z0-9_]+", name)
        for option in ("command_topic", "state_topic", "json_attributes_topic"):
            assert "+" not in component.get(option, "")


def test_there_is_an_entity_for_everything(home: HomeAssistant) -> None:
    components = config(home.announce())["components"]
    platforms = sorted(component["platform"] for component in components.values())
    assert platforms == sorted(
        ["notify"] * 4 + ["select", "number", "number"] + ["button"] * 4
        + ["event", "sensor", "binary_sensor"]
    )  # fmt: skip
    assert components["say"]["command_topic"] == "tts/living/say"
    assert components["say_happy"]["command_topic"] == "tts/living/say/happy"
    assert components["preset"]["options"] == ["平静", "高兴", "悄悄话"]
    assert components["stop"]["payload_press"] == "stop"
    assert components["resume"]["payload_press"] == "resume"
    assert components["repeat"]["command_topic"] == "tts/living/command"
    assert components["state"]["json_attributes_topic"] == "tts/living/attributes"
    assert set(components["speech"]["event_types"]) == {
        "queued", "started", "finished", "cancelled", "expired", "failed", "duplicate",
    }  # fmt: skip
    volume, speed = components["volume"], components["speed"]
    assert (volume["min"], volume["max"]) == (0, 100)
    assert (speed["min"], speed["max"]) == (0.5, 2)


def test_a_name_that_is_no_id_gets_one(home: HomeAssistant) -> None:
    components = config(home.announce())["components"]
    whisper = next(c for c in components.values() if c["name"] == "播报（悄悄话）")
    assert whisper["command_topic"] == "tts/living/say/悄悄话"
    assert ID.fullmatch(object_id("客厅"))
    assert object_id("客厅") != object_id("厨房")


def test_the_birth_of_home_assistant_is_answered(home: HomeAssistant) -> None:
    assert config(home.learn(Message(STATUS, b"online")))
    assert config(home.learn(Message(STATUS, b"online", retained=True)))
    assert home.learn(Message(STATUS, b"offline")) == []


def test_a_removed_preset_vanishes(home: HomeAssistant) -> None:
    home.announce()
    components = config(home.show_presets(("neutral",)))["components"]
    assert components["say_happy"] == {"platform": "notify"}
    assert components["say_neutral"]["command_topic"]
    assert "say_happy" not in config(home.announce())["components"]


def test_the_same_presets_are_no_news(home: HomeAssistant) -> None:
    assert home.show_presets(("neutral", "happy", "悄悄话")) == []


def test_a_preset_removed_while_we_were_away_vanishes(home: HomeAssistant) -> None:
    before = memory(home.announce())
    later = HomeAssistant(HomeAssistantSettings(), TOPICS)
    later.show_presets(("neutral",))
    later.announce()
    components = config(later.learn(before))["components"]
    assert components["say_happy"] == {"platform": "notify"}


def test_what_we_announced_ourselves_is_no_news(home: HomeAssistant) -> None:
    kept = memory(home.announce())
    assert home.learn(kept) == []
    assert home.learn(Message(kept.topic, b'{"say_old": "notify"}')) == []


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b'{"a b": "notify", "x": 3}'])
def test_a_strange_memory_harms_nobody(home: HomeAssistant, payload: bytes) -> None:
    assert home.learn(Message(TOPICS.own("announced"), payload, retained=True)) == []


def test_nothing_is_announced_where_it_is_off() -> None:
    home = HomeAssistant(HomeAssistantSettings(enabled=False), TOPICS)
    assert home.subscriptions == (TOPICS.own("announced"),)
    assert home.show_presets(("neutral",)) == []
    assert home.announce() == []


def test_prefix_and_name_are_settings() -> None:
    settings = HomeAssistantSettings(discovery_prefix="ha", name="客厅语音")
    home = HomeAssistant(settings, TOPICS)
    publications = home.announce()
    assert publications[0].topic == "ha/device/tts_daemon_living/config"
    assert config(publications)["device"]["name"] == "客厅语音"
    assert "ha/status" in home.subscriptions


def test_a_notification_to_the_whole_device_is_spoken_once(home: HomeAssistant) -> None:
    notify = {
        key: entity.get("entity_category")
        for key, entity in config(home.announce())["components"].items()
        if entity["platform"] == "notify"
    }
    assert notify.pop("say") is None
    assert set(notify.values()) == {"config"}


def test_labels_are_those_of_the_language_and_stay_apart() -> None:
    assert all(words.states.keys() == set(PlayerState) for words in WORDS.values())
    assert len({frozenset(words.entities) for words in WORDS.values()}) == 1
    assert set(WORDS) == set(LANGUAGES)
    labels = WORDS["zh"].preset_labels(("happy", "高兴", "sad"))
    assert labels == {"happy": "happy", "高兴": "高兴", "sad": "悲伤"}
    english = HomeAssistant(HomeAssistantSettings(language="en"), TOPICS)
    english.show_presets(("happy",))
    components = config(english.announce())["components"]
    assert components["state"]["options"] == ["Idle", "Speaking", "Paused", "No sound"]
    assert components["say_happy"]["name"] == "Announce (Happy)"


class TestAnEarlierName:
    """What this daemon left at the broker when its node was called `old`."""

    @pytest.fixture
    def later(self) -> HomeAssistant:
        return HomeAssistant(HomeAssistantSettings(), TOPICS, "me")

    @staticmethod
    def note(instance: str, prefix: str = "homeassistant") -> Message:
        old = Topics("tts", "old")
        home = HomeAssistant(HomeAssistantSettings(discovery_prefix=prefix), old, instance)
        home.show_presets(("neutral",))
        kept = next(item for item in home.announce() if item.topic == old.own("announced"))
        return Message(kept.topic, kept.payload, retained=True)

    @staticmethod
    def availability(value: bytes) -> Message:
        return Message("tts/old/availability", value, retained=True)

    def test_it_is_taken_back_whichever_is_heard_first(self, later: HomeAssistant) -> None:
        for first, second in itertools.permutations(
            [self.note("me"), self.availability(b"offline")]
        ):
            assert later.learn(first) == []
            ends = later.learn(second)
            assert {(item.topic, item.payload) for item in ends} == {
                ("homeassistant/device/tts_daemon_old/config", b""),
                *((f"tts/old/{name}", b"") for name in KEPT),
            }
            assert all(item.retain for item in ends[1:])
            assert later.learn(Message("tts/old/availability", b"")) == []

    def test_it_stays_where_another_daemon_has_it(self, later: HomeAssistant) -> None:
        assert later.learn(self.note("me")) == later.learn(self.availability(b"online")) == []
        assert later.learn(self.note("you")) == later.learn(self.availability(b"offline")) == []
        nameless = HomeAssistant(HomeAssistantSettings(), TOPICS)
        assert nameless.learn(self.note("")) == nameless.learn(self.availability(b"offline")) == []

    def test_an_earlier_prefix_is_remembered(self, later: HomeAssistant) -> None:
        later.learn(self.availability(b"offline"))
        assert later.learn(self.note("me", "ha"))[0].topic == "ha/device/tts_daemon_old/config"


def test_a_device_that_is_announced_no_more_is_taken_back(home: HomeAssistant) -> None:
    before = memory(home.announce())
    off = HomeAssistant(HomeAssistantSettings(enabled=False), TOPICS)
    assert [(item.topic, item.payload) for item in off.learn(before)] == [
        ("homeassistant/device/tts_daemon_living/config", b""),
        (TOPICS.own("announced"), b""),
    ]


def test_another_prefix_takes_the_device_along(home: HomeAssistant) -> None:
    before = memory(home.announce())
    moved = HomeAssistant(HomeAssistantSettings(discovery_prefix="ha"), TOPICS)
    moved.announce()
    topics = [item.topic for item in moved.learn(before)]
    assert topics[0] == "homeassistant/device/tts_daemon_living/config"
    assert topics[1] == "ha/device/tts_daemon_living/config"


@pytest.mark.parametrize(("locale", "name"), [("zh_CN.UTF-8", "停止"), ("de_DE.UTF-8", "Stop")])
def test_names_are_in_the_language_of_the_daemon_unless_another_is_set(
    locale: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    told = config(HomeAssistant(HomeAssistantSettings(), TOPICS).announce())
    assert told["components"]["stop"]["name"] == name
