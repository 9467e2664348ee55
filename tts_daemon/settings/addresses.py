"""Checks the addresses of other machines, before anything is started."""

from __future__ import annotations

from urllib.parse import urlsplit

from tts_daemon.errors import SettingsError
from tts_daemon.settings.schema import Settings

_EXPECTED = 'is no address such as "http://pc.lan:5000" or "https://pc.lan/tts"'


def check(settings: Settings) -> None:
    """Raise SettingsError for a url that cannot be asked."""
    url = settings.synthesis.remote.url
    if url is None:
        return
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_right &= parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:
        is_right = False
    if not is_right:
        raise SettingsError(f"synthesis.remote.url: {url!r:.80} {_EXPECTED}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(
            "synthesis.remote.url: holds more than an address; a token belongs to"
            " synthesis.remote.token_file"
        )
