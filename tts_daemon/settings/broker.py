"""Whether the broker's name is a name: many programs want a URL in its place."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tts_daemon.errors import SettingsError
from tts_daemon.settings.schema import Settings

_SCHEMES = {
    "mqtt": (1883, ""),
    "tcp": (1883, ""),
    "mqtts": (8883, ", tls: {enabled: true}"),
    "ssl": (8883, ", tls: {enabled: true}"),
    "ws": (80, ", transport: websockets"),
    "wss": (443, ", transport: websockets, tls: {enabled: true}"),
}
"""Scheme -> its port, and what has to be set for it."""
_WITH_PORT = re.compile(r"([^:/\[\]]+):(\d+)")


def check(settings: Settings) -> None:
    """Raise SettingsError for a URL, or a port, in `mqtt.host`; says what to write instead."""
    host = settings.mqtt.host
    if with_port := _WITH_PORT.fullmatch(host):
        name, port = with_port.groups()
        raise SettingsError(f"mqtt.host: {host!r} has a port; write host: {name}, port: {port}")
    if "/" in host:
        raise SettingsError(f"mqtt.host: {host!r} is no name and no address{_instead(host)}")


def _instead(url: str) -> str:
    parts = urlsplit(url)
    try:
        name, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if not name:
        return ""
    known = _SCHEMES.get(parts.scheme)
    usual, more = known or (1883, "")
    return f"; write host: {name}, port: {port or usual}{more}"
