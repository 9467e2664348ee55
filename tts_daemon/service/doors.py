"""Which doors are open: one line for each, and one for the figures that go out by a file."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from tts_daemon.extras import importing
from tts_daemon.inputs.socket.door import UnixSocketDoor
from tts_daemon.metrics.textfile import Textfile
from tts_daemon.ports import SpeechService
from tts_daemon.settings.schema import Settings
from tts_daemon.voices.store import VoiceStore

_MACHINE = (Path("/proc/device-tree/serial-number"), Path("/etc/machine-id"))
"""The board's own number where it has one: a copied card takes the other one along."""


class Door(Protocol):
    """A way in for requests, or out for figures."""

    def start(self) -> None:
        """Take requests from now on. Raises DoorShutError where it cannot be opened now."""
        ...

    def stop(self) -> None:
        """Take no more requests, and let go of everything."""
        ...


@dataclass(frozen=True, slots=True)
class PlannedDoor:
    """A door that the configuration asks for.

    Attributes:
        name: As in the configuration.
        make: A new one; each is started once.
    """

    name: str
    make: Callable[[], Door]


def doors(
    settings: Settings,
    service: SpeechService,
    listener: socket.socket | None,
    voices: VoiceStore,
    config: Path | None = None,
) -> Iterator[PlannedDoor]:
    """Plan the doors that the configuration asks for.

    Args:
        settings: The whole configuration.
        service: What they let requests in to.
        listener: The Unix socket, listening already; None where it is not served.
        voices: What is known of installed voices.
        config: The file of the configuration, for the doctor; None for the system's.

    Raises:
        MissingExtraError: A door needs a library that is not installed.
    """
    limit = settings.text.max_characters
    if listener:
        yield PlannedDoor(
            "socket", partial(UnixSocketDoor, service, listener, settings.socket, limit)
        )
    # Each library costs memory and time at the start, so only doors that are open are imported.
    if settings.mqtt.enabled:
        from tts_daemon.inputs.mqtt.door import MqttDoor

        make_mqtt = partial(MqttDoor, service, settings.mqtt, instance=_instance(settings))
        yield PlannedDoor("mqtt", make_mqtt)
    if settings.http.enabled:
        with importing("http", "http.enabled"):
            from tts_daemon.inputs.http.door import HttpDoor
            from tts_daemon.service.desk import make_desk
        make_http = partial(
            HttpDoor,
            service,
            settings.http,
            voices,
            max_characters=limit,
            desk=make_desk(settings, config),
        )
        yield PlannedDoor("http", make_http)
    if settings.wyoming.enabled:
        with importing("wyoming", "wyoming.enabled"):
            from tts_daemon.inputs.wyoming.door import WyomingDoor
        make_wyoming = partial(WyomingDoor, service, settings.wyoming, voices, max_characters=limit)
        yield PlannedDoor("wyoming", make_wyoming)
    if settings.metrics.textfile:
        textfile = Path(settings.metrics.textfile)
        yield PlannedDoor("metrics", partial(Textfile, textfile, service.snapshot))


def _instance(settings: Settings) -> str:
    """Which daemon this is, by machine, journal and socket; empty where that is not known."""
    for file in _MACHINE:
        try:
            machine = file.read_text(encoding="ascii").strip("\0\n ")
        except (OSError, UnicodeDecodeError):
            continue
        if machine:
            parts = (machine, settings.queue.journal, settings.socket.path)
            return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return ""
