"""What a configuration asks for and this machine does not have: found before the daemon starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from tts_daemon.domain import Style
from tts_daemon.errors import InvalidRequestError, MissingExtraError, VoiceError
from tts_daemon.extras import importing
from tts_daemon.playback import why_not_ours
from tts_daemon.playback.chimes import Chimes
from tts_daemon.requests import nearest
from tts_daemon.settings.places import voice_directories
from tts_daemon.settings.presets import Presets
from tts_daemon.settings.schema import Settings
from tts_daemon.voices.store import VoiceStore

_FILES = (
    "_file",
    "_dir",
    "path",
    "journal",
    "lexicon",
    "corrections",
    "textfile",
    "profile",
    "chimes",
    "models",
)
"""How the keys end that hold files and directories."""


def problems(settings: Settings) -> Iterator[str]:
    """Everything that would only show later, as `key: what is wrong`."""
    yield from _paths("", settings)
    yield from _doors(settings)
    yield from _mqtt(settings)
    yield from _voices(settings)
    journal = settings.queue.journal
    if journal and (why := why_not_ours(Path(journal))):
        yield f"queue.journal: {journal} {why}"
    if settings.metrics.textfile and not settings.metrics.textfile.endswith(".prom"):
        yield f"metrics.textfile: {settings.metrics.textfile} must end in .prom to be read"


def _paths(section: str, values: Any) -> Iterator[str]:
    """Relative ones mean another file for every directory that the daemon is started in."""
    for item in fields(values):
        key, value = f"{section}{item.name}", getattr(values, item.name)
        if is_dataclass(value):
            yield from _paths(f"{key}.", value)
        elif item.name.endswith(_FILES):
            for path in value if isinstance(value, tuple) else (value,):
                if isinstance(path, str) and path and not Path(path).expanduser().is_absolute():
                    yield f"{key}: {path} is relative; name it from / on"


def _doors(settings: Settings) -> Iterator[str]:
    doors = (("http", settings.http.enabled), ("wyoming", settings.wyoming.enabled))
    for name, is_enabled in doors:
        if is_enabled:
            try:
                with importing(name, f"{name}.enabled"):
                    __import__(f"tts_daemon.inputs.{name}.door")
            except MissingExtraError as error:
                yield str(error)


def _mqtt(settings: Settings) -> Iterator[str]:
    mqtt = settings.mqtt
    if bool(mqtt.tls.cert_file) != bool(mqtt.tls.key_file):
        missing = "key_file" if mqtt.tls.cert_file else "cert_file"
        yield f"mqtt.tls.{missing}: is missing; a certificate and its key come together"


def _voices(settings: Settings) -> Iterator[str]:
    store = VoiceStore(voice_directories(settings.voice.models), settings.voice.default)
    try:
        store.find()
    except VoiceError as error:
        yield f"voice.default: {error}"
    presets, ours = Presets(settings), Presets(Settings())
    chimes = Chimes(Path(settings.audio.chimes).expanduser())
    for name in presets.names:
        # A voice with fewer emotions than the presets that came along is no mistake.
        if name not in ours.names or presets.style(name) != ours.style(name):
            yield from _preset(name, presets.style(name), store, chimes)
    known = (*store.names(), *presets.names)
    for name, target in settings.http.voices.items():
        if target.lower() not in (own.lower() for own in known):
            hint = nearest(target, known)
            yield f"http.voices.{name}: {target!r} is no voice and no preset{hint}"


def _preset(name: str, style: Style, store: VoiceStore, chimes: Chimes) -> Iterator[str]:
    try:
        chimes.check_name(style.chime)
    except InvalidRequestError as error:
        yield f"presets.{name}.{error}"
    try:
        emotions = store.find(style.voice).manifest.emotions
    except VoiceError as error:
        if style.voice:
            yield f"presets.{name}.voice: {error}"
        return
    if style.emotion not in emotions:
        hint = nearest(style.emotion, emotions)
        yield f"presets.{name}.emotion: the voice has no {style.emotion!r}{hint}"
