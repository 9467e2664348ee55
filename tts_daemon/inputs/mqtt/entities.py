"""The device and its entities, as Home Assistant's discovery messages describe them.

Source: Home Assistant's documentation of MQTT discovery (device-based, since 2024.11).
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from pathlib import Path
from typing import Any

from tts_daemon import __version__
from tts_daemon.domain import EventType
from tts_daemon.inputs.mqtt.entity_words import Words
from tts_daemon.inputs.mqtt.topics import Topics

Component = dict[str, Any]

ORIGIN = "tts_daemon"
ID = re.compile(r"[a-zA-Z0-9_-]+")
_BOARD = Path("/proc/device-tree/model")
# A text that begins with a brace would else be taken for JSON.
_AS_JSON = '{{ {"text": value} | to_json }}'
_IS_SPEAKING = "{{ 'ON' if value == 'speaking' else 'OFF' }}"


def device_topic(prefix: str, node: str) -> str:
    """Where a node's device is announced."""
    return f"{prefix}/device/{object_id(node)}/config"


def object_id(node: str) -> str:
    """The device's name in topics and ids, of the characters that Home Assistant allows."""
    return f"{ORIGIN}_{_fit(node)}"


def device_message(
    topics: Topics, name: str, words: Words, entities: dict[str, Component]
) -> dict[str, Any]:
    """The discovery message without what is to be removed."""
    return {
        "device": {
            "identifiers": [object_id(topics.node)],
            "name": name or words.device.format(node=topics.node),
            "manufacturer": ORIGIN,
            "model": _board(),
            "sw_version": __version__,
        },
        "origin": {"name": ORIGIN, "sw_version": __version__},
        "availability_topic": topics.own("availability"),
        "qos": 1,
        "components": {
            key: entity | _ids(topics.node, key, entity["platform"])
            for key, entity in entities.items()
        },
    }


def components(topics: Topics, words: Words, presets: tuple[str, ...]) -> dict[str, Component]:
    """Every entity by its key, without its ids."""
    labels = words.preset_labels(presets)
    named = {
        "say": _notify("mdi:bullhorn", topics.own("say")),
        **_controls(topics, labels),
        **{name: _button(topics, name) for name in ("stop", "pause", "resume", "repeat")},
        **_reports(topics, words.states),
    }
    for key, entity in named.items():
        entity["name"] = words.entities[key]
    in_presets = {f"say_{_fit(name)}": _in_preset(topics, words, name, labels) for name in presets}
    return {**named, **in_presets}


def _in_preset(topics: Topics, words: Words, preset: str, labels: dict[str, str]) -> Component:
    """Of category config: a notification to the whole device or area goes to none of these."""
    name = words.in_preset.format(preset=labels[preset])
    entity = _notify("mdi:bullhorn", topics.own(f"say/{preset}"))
    return entity | {"name": name, "entity_category": "config"}


def _notify(icon: str, topic: str) -> Component:
    return _entity("notify", icon, command_topic=topic, command_template=_AS_JSON)


def _controls(topics: Topics, labels: dict[str, str]) -> dict[str, Component]:
    volume = {"min": 0, "max": 100, "step": 1, "unit_of_measurement": "%"}
    speed = {"min": 0.5, "max": 2, "step": 0.05}
    select = {
        "options": list(labels.values()),
        "value_template": _translated(labels),
        "command_template": _translated({label: name for name, label in labels.items()}),
    }
    preset = {"preset": _setting(topics, "select", "mdi:emoticon", "preset", **select)}
    return {
        **(preset if labels else {}),
        "volume": _setting(topics, "number", "mdi:volume-high", "volume", **volume),
        "speed": _setting(topics, "number", "mdi:speedometer", "speed", **speed),
    }


def _reports(topics: Topics, states: dict[str, str]) -> dict[str, Component]:
    state = topics.own("state")
    kinds = [str(kind) for kind in EventType]
    event = {"state_topic": topics.own("event"), "event_types": kinds}
    shown = {
        "device_class": "enum",
        "options": list(states.values()),
        "value_template": _translated(states),
        "json_attributes_topic": topics.own("attributes"),
    }
    icon = "mdi:account-voice"
    return {
        "speech": _entity("event", "mdi:message-badge", **event),
        "state": _entity("sensor", icon, state_topic=state, **shown),
        "speaking": _entity("binary_sensor", icon, state_topic=state, value_template=_IS_SPEAKING),
    }


def _button(topics: Topics, command: str) -> Component:
    options = {"command_topic": topics.own("command"), "payload_press": command}
    icon = "play" if command == "resume" else command
    return _entity("button", f"mdi:{icon}", **options)


def _entity(kind: str, icon: str, **options: Any) -> Component:
    return {"platform": kind, "icon": icon, **options}


def _setting(topics: Topics, kind: str, icon: str, topic: str, **options: Any) -> Component:
    """An entity that shows a value and sets it."""
    places = {"command_topic": topics.own(f"{topic}/set"), "state_topic": topics.own(topic)}
    return _entity(kind, icon, **places, **options)


def _translated(labels: dict[str, str]) -> str:
    """A template that turns the names of a table into its labels."""
    return f"{{{{ {json.dumps(labels, ensure_ascii=False)}.get(value, value) }}}}"


def _ids(node: str, key: str, kind: str) -> dict[str, str]:
    return {
        "unique_id": f"{object_id(node)}_{key}",
        "default_entity_id": f"{kind}.tts_{_fit(node)}_{key}".lower().replace("-", "_"),
    }


def _fit(name: str) -> str:
    """The name itself where Home Assistant allows it as an id, else a digest of it."""
    if ID.fullmatch(name):
        return name
    return "x" + hashlib.sha256(name.encode()).hexdigest()[:8]


def _board() -> str:
    try:
        return _BOARD.read_text(encoding="utf-8").strip("\0\n")
    except OSError:
        return platform.machine()
