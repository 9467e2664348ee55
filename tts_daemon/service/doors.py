"""Which doors are open: one line for each."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from typing import Protocol

from tts_daemon.inputs.mqtt_door import MqttDoor
from tts_daemon.inputs.unix_socket import UnixSocketDoor
from tts_daemon.ports import SpeechService
from tts_daemon.settings.schema import Settings

log = logging.getLogger(__name__)


class Door(Protocol):
    """A way in for requests."""

    def start(self) -> None:
        """Take requests from now on. Raises SettingsError where it cannot be opened."""
        ...

    def stop(self) -> None:
        """Take no more requests, and let go of everything."""
        ...


def doors(
    settings: Settings, service: SpeechService, listener: socket.socket | None
) -> Iterator[Door]:
    """Make the doors that the configuration asks for.

    Args:
        settings: The whole configuration.
        service: What they let requests in to.
        listener: The Unix socket, listening already; None where it is not served.
    """
    limit = settings.text.max_characters
    if listener:
        yield UnixSocketDoor(service, listener, settings.socket, limit)
    if settings.mqtt.enabled:
        yield MqttDoor(service, settings.mqtt, max_characters=limit)
    for name in ("http", "wyoming"):
        if getattr(settings, name).enabled:
            log.warning("%s.enabled: this version has no such door", name)
