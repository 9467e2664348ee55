"""Introduces the daemon to Home Assistant: one device with its entities, by MQTT discovery.

Source: Home Assistant's documentation of MQTT discovery (device-based, since 2024.11).
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import re
from pathlib import Path
from typing import Any

from tts_daemon import __version__
from tts_daemon.domain import EventType
from tts_daemon.inputs.messages import to_json
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import Message, Publication
from tts_daemon.settings.schema import HomeAssistantSettings

log = logging.getLogger(__name__)

Component = dict[str, Any]

ORIGIN = "tts_daemon"
_FIT = re.compile(r"[a-zA-Z0-9_-]+")
_BOARD = Path("/proc/device-tree/model")
_EMOTIONS = {
    "neutral": "平静",
    "happy": "高兴",
    "sad": "悲伤",
    "angry": "生气",
    "gentle": "温柔",
    "excited": "兴奋",
}


class HomeAssistant:
    """What Home Assistant has been told, and what is to be told next."""

    def __init__(self, settings: HomeAssistantSettings, topics: Topics) -> None:
        self._settings = settings
        self._topics = topics
        self._presets: tuple[str, ...] = ()
        self._announced: dict[str, str] = {}
        self._birth_topic = f"{settings.discovery_prefix}/status"
        self._memory_topic = topics.own("announced")

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Topics whose messages, also retained ones, belong to `learn`."""
        return (self._birth_topic, self._memory_topic) if self._settings.enabled else ()

    def learn(self, message: Message) -> list[Publication]:
        """Home Assistant came up, or the broker tells what an earlier run of ours announced."""
        if message.topic == self._birth_topic:
            return self.announce() if self.is_birth(message) else []
        if not message.retained:
            return []
        before = _components_in(message.payload)
        self._announced = before | self._announced
        return self.announce() if before.keys() - self._components().keys() else []

    def is_birth(self, message: Message) -> bool:
        """Whether Home Assistant says that it came up and knows no state any more."""
        return message.topic == self._birth_topic and message.payload == b"online"

    def show_presets(self, presets: tuple[str, ...]) -> list[Publication]:
        """Announce again where others than these presets were announced."""
        if presets == self._presets:
            return []
        self._presets = presets
        return self.announce() if self._announced else []

    def announce(self) -> list[Publication]:
        """The device with all that it has, and the end of what it no longer has.

        The announcement is not retained: Home Assistant asks for it when it comes up, and a device
        that is gone for good leaves no ghost. The names of the announced entities are, so that the
        next run can take back what it no longer has.
        """
        if not self._settings.enabled:
            return []
        components = self._components()
        gone = {key: p for key, p in self._announced.items() if key not in components}
        self._announced = {key: entity["platform"] for key, entity in components.items()}
        device = device_message(self._topics, self._settings.name, components)
        device["components"] |= {
            key: {"platform": platform_name} for key, platform_name in gone.items()
        }
        topic = f"{self._settings.discovery_prefix}/device/{object_id(self._topics.node)}/config"
        return [
            Publication(topic, to_json(device)),
            Publication(self._memory_topic, to_json(self._announced), retain=True),
        ]

    def _components(self) -> dict[str, Component]:
        return components(self._topics, self._presets)


def object_id(node: str) -> str:
    """The device's name in topics and ids, of the characters that Home Assistant allows."""
    return f"{ORIGIN}_{_fit(node)}"


def device_message(topics: Topics, name: str, entities: dict[str, Component]) -> dict[str, Any]:
    """The discovery message without what is to be removed."""
    return {
        "device": {
            "identifiers": [object_id(topics.node)],
            "name": name or f"语音 {topics.node}",
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


def components(topics: Topics, presets: tuple[str, ...]) -> dict[str, Component]:
    """Every entity by its key, without its ids."""
    return {
        "say": _entity("notify", "播报", "mdi:bullhorn", command_topic=topics.own("say")),
        **{f"say_{_fit(preset)}": _notify(topics, preset) for preset in presets},
        **_controls(topics, presets),
        **_reports(topics),
    }


def _notify(topics: Topics, preset: str) -> Component:
    name = f"播报（{_EMOTIONS.get(preset, preset)}）"
    return _entity("notify", name, "mdi:bullhorn", command_topic=topics.own(f"say/{preset}"))


def _controls(topics: Topics, presets: tuple[str, ...]) -> dict[str, Component]:
    command = topics.own("command")
    volume = {"min": 0, "max": 100, "step": 1, "unit_of_measurement": "%"}
    speed = {"min": 0.5, "max": 2, "step": 0.05}
    select = {
        "preset": _setting(
            topics, "select", "预设", "mdi:emoticon", "preset", options=list(presets)
        )
    }
    return {
        **(select if presets else {}),
        "volume": _setting(topics, "number", "音量", "mdi:volume-high", "volume", **volume),
        "speed": _setting(topics, "number", "语速", "mdi:speedometer", "speed", **speed),
        "stop": _entity("button", "停止", "mdi:stop", command_topic=command, payload_press="stop"),
        "repeat": _entity(
            "button", "重复", "mdi:repeat", command_topic=command, payload_press="repeat"
        ),
    }


def _reports(topics: Topics) -> dict[str, Component]:
    state = topics.own("state")
    return {
        "speech": _entity(
            "event", "播报事件", "mdi:message-badge",
            state_topic=topics.own("event"), event_types=[str(kind) for kind in EventType],
        ),
        "state": _entity(
            "sensor", "状态", "mdi:account-voice",
            state_topic=state, json_attributes_topic=topics.own("attributes"),
        ),
        "speaking": _entity(
            "binary_sensor", "正在播报", "mdi:account-voice",
            state_topic=state, value_template="{{ 'ON' if value == 'speaking' else 'OFF' }}",
        ),
    }  # fmt: skip


def _entity(kind: str, name: str, icon: str, **options: Any) -> Component:
    return {"platform": kind, "name": name, "icon": icon, **options}


def _setting(
    topics: Topics, kind: str, name: str, icon: str, topic: str, **options: Any
) -> Component:
    """An entity that shows a value and sets it."""
    return _entity(
        kind, name, icon,
        command_topic=topics.own(f"{topic}/set"), state_topic=topics.own(topic), **options,
    )  # fmt: skip


def _ids(node: str, key: str, kind: str) -> dict[str, str]:
    return {
        "unique_id": f"{object_id(node)}_{key}",
        "default_entity_id": f"{kind}.tts_{_fit(node)}_{key}".lower().replace("-", "_"),
    }


def _fit(name: str) -> str:
    """The name itself where Home Assistant allows it as an id, else a digest of it."""
    if _FIT.fullmatch(name):
        return name
    return "x" + hashlib.sha256(name.encode()).hexdigest()[:8]


def _board() -> str:
    try:
        return _BOARD.read_text(encoding="utf-8").strip("\0\n")
    except OSError:
        return platform.machine()


def _components_in(payload: bytes) -> dict[str, str]:
    """Kinds of entities by key; nothing where the message is not ours."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    entries = value.items() if isinstance(value, dict) else ()
    return {key: kind for key, kind in entries if isinstance(kind, str) and _FIT.fullmatch(key)}
