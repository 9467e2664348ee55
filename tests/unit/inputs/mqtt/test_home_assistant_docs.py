"""What docs/home-assistant.md offers for pasting fits what the daemon announces."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes.home_assistant_docs import BLOCKS, TEXT

from tts_daemon.inputs.mqtt.entities import components, device_message
from tts_daemon.inputs.mqtt.entity_words import WORDS
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.settings.loader import load
from tts_daemon.settings.schema import Settings

TOPICS = Topics("tts", "living")


def announced() -> dict[str, Any]:
    entities = components(TOPICS, WORDS["zh"], tuple(Settings().presets))
    return device_message(TOPICS, "", WORDS["zh"], entities)["components"]  # type: ignore[no-any-return]


def test_every_entity_of_ours_exists() -> None:
    named = set(re.findall(r"\b[a-z_]+\.tts_living_[a-z_]+", TEXT))
    assert named <= {component["default_entity_id"] for component in announced().values()}
    assert len(named) > 8


def test_every_topic_of_ours_exists() -> None:
    named = set(re.findall(r"topic: (\S+)", TEXT))
    assert named == {TOPICS.own("say"), TOPICS.own("event")}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_is_yaml(block: str, tmp_path: Path) -> None:
    value = yaml.safe_load(block)
    if "mqtt" in value:
        file = tmp_path / "config.yaml"
        file.write_text(block, encoding="utf-8")
        assert load(file, {}).settings.mqtt.node == "living"
    else:
        assert value["alias"]
        assert value.keys() & {"actions", "sequence"}
