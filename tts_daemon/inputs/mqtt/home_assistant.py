"""Introduces the daemon to Home Assistant: one device with its entities, by MQTT discovery.

What was announced is remembered at the broker, so that a later life of this daemon can take back
what it no longer has: single entities, or the whole device where it is called otherwise now, or is
not to be announced any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from tts_daemon.inputs.messages import to_json
from tts_daemon.inputs.mqtt.entities import (
    ID,
    Component,
    components,
    device_message,
    device_topic,
)
from tts_daemon.inputs.mqtt.entity_words import words_of
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import Message, Publication
from tts_daemon.settings.schema import HomeAssistantSettings

_KEPT = ("availability", "state", "attributes", "volume", "speed", "preset", "announced")
"""What a node leaves at the broker."""
_OFFLINE = b"offline"
_PREFIX = re.compile(r"[^+#\x00]{1,200}")


@dataclass(frozen=True, slots=True)
class Announced:
    """What a daemon has announced, as it remembers it at the broker.

    Attributes:
        instance: Which daemon that was, whatever it is called; empty where it is not known.
        prefix: Home Assistant's discovery topic.
        entities: Their kinds, by key.
    """

    instance: str = ""
    prefix: str = ""
    entities: dict[str, str] = field(default_factory=dict)


class HomeAssistant:
    """What Home Assistant has been told, and what is to be told next.

    Args:
        settings: Section `mqtt.home_assistant`.
        topics: Those of this node.
        instance: Tells this daemon from all others, also when its node is called otherwise; empty
            where that is not known.
    """

    def __init__(self, settings: HomeAssistantSettings, topics: Topics, instance: str = "") -> None:
        self._settings = settings
        self._topics = topics
        self._instance = instance
        self._words = words_of(settings.language)
        self._presets: tuple[str, ...] = ()
        self._announced: dict[str, str] = {}
        self._offline: set[str] = set()
        self._past: dict[str, Announced] = {}
        self._birth_topic = f"{settings.discovery_prefix}/status"
        self._memory_topic = topics.own("announced")
        node = f"{re.escape(topics.base)}/([^/]+)/"
        self._others_memory = re.compile(f"{node}announced")
        self._others_availability = re.compile(f"{node}availability")

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Topic filters whose messages, also retained ones, belong to `learn`."""
        base = self._topics.base
        past = (f"{base}/+/announced", f"{base}/+/availability") if self._instance else ()
        birth = (self._birth_topic,) if self._settings.enabled else ()
        return (*birth, self._memory_topic, *past)

    def knows(self, topic: str) -> bool:
        """Whether messages on a topic belong to `learn`."""
        return bool(
            topic in (self._birth_topic, self._memory_topic)
            or self._others_memory.fullmatch(topic)
            or self._others_availability.fullmatch(topic)
        )

    def learn(self, message: Message) -> list[Publication]:
        """Home Assistant came up, or the broker tells what was announced, and who is gone."""
        if message.topic == self._birth_topic:
            return self.announce() if self.is_birth(message) else []
        if message.topic == self._memory_topic:
            return self._remember(message) if message.retained else []
        if other := self._others_memory.fullmatch(message.topic):
            return self._meet(other[1], message.payload)
        if other := self._others_availability.fullmatch(message.topic):
            return self._notice(other[1], message.payload)
        return []

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
        that is gone for good leaves no ghost.
        """
        if not self._settings.enabled:
            return []
        entities = self._components()
        gone = {key: kind for key, kind in self._announced.items() if key not in entities}
        self._announced = {key: entity["platform"] for key, entity in entities.items()}
        device = device_message(self._topics, self._settings.name, self._words, entities)
        device["components"] |= {key: {"platform": kind} for key, kind in gone.items()}
        topic = device_topic(self._settings.discovery_prefix, self._topics.node)
        return [Publication(topic, to_json(device)), self._memory()]

    def _components(self) -> dict[str, Component]:
        return components(self._topics, self._words, self._presets)

    def _memory(self) -> Publication:
        memory = {
            "instance": self._instance,
            "prefix": self._settings.discovery_prefix,
            "entities": self._announced,
        }
        return Publication(self._memory_topic, to_json(memory), retain=True)

    def _remember(self, message: Message) -> list[Publication]:
        """What an earlier life of this node has announced."""
        before = _read(message.payload)
        if not before.entities:
            return []
        prefix = before.prefix or self._settings.discovery_prefix
        if not self._settings.enabled:
            return _withdraw(prefix, self._topics, ("announced",))
        self._announced = before.entities | self._announced
        is_elsewhere = prefix != self._settings.discovery_prefix
        old = _withdraw(prefix, self._topics, ()) if is_elsewhere else []
        is_more = bool(before.entities.keys() - self._components().keys())
        return [*old, *(self.announce() if is_more or is_elsewhere else [])]

    def _meet(self, node: str, payload: bytes) -> list[Publication]:
        """Another node, which may be this daemon under an earlier name."""
        past = _read(payload)
        if not past.instance or past.instance != self._instance or node == self._topics.node:
            self._past.pop(node, None)
            return []
        self._past[node] = past
        return self._part(node)

    def _notice(self, node: str, payload: bytes) -> list[Publication]:
        if payload != _OFFLINE:
            self._offline.discard(node)
            return []
        self._offline.add(node)
        return self._part(node)

    def _part(self, node: str) -> list[Publication]:
        """Take back what we were, unless somebody is: a copied card speaks with two boards."""
        if node not in self._past or node not in self._offline:
            return []
        past = self._past.pop(node)
        prefix = past.prefix or self._settings.discovery_prefix
        return _withdraw(prefix, Topics(self._topics.base, node), _KEPT)


def _withdraw(prefix: str, topics: Topics, kept: Iterable[str]) -> list[Publication]:
    """The end of a device, and of what is kept on its topics."""
    ends = [Publication(topics.own(name), b"", retain=True) for name in kept]
    return [Publication(device_topic(prefix, topics.node), b""), *ends]


def _read(payload: bytes) -> Announced:
    """What somebody remembered; nothing where the message is not ours."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return Announced()
    if not isinstance(value, dict):
        return Announced()
    entities = value.get("entities")
    if not isinstance(entities, dict):
        # As earlier versions wrote it.
        return Announced(entities=_kinds(value))
    instance, prefix = value.get("instance"), value.get("prefix")
    return Announced(
        instance if isinstance(instance, str) else "",
        prefix if isinstance(prefix, str) and _PREFIX.fullmatch(prefix) else "",
        _kinds(entities),
    )


def _kinds(entries: dict[str, object]) -> dict[str, str]:
    return {
        key: kind for key, kind in entries.items() if isinstance(kind, str) and ID.fullmatch(key)
    }
