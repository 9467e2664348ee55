"""Looks at the machine and the settings; says what is wrong and what mends it."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tts_daemon.errors import SoundLibraryError, TtsError
from tts_daemon.extras import start_command
from tts_daemon.playback import why_not_ours
from tts_daemon.service import machine
from tts_daemon.service.findings import Finding, Severity
from tts_daemon.settings import places
from tts_daemon.settings.loader import Loaded, load
from tts_daemon.settings.schema import Settings

DAEMON_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Probes:
    """What some checks need from other packages; each returns a line for people.

    They raise TtsError when something is wrong.
    """

    voice: Callable[[Settings], str]
    engine: Callable[[Settings], str]
    sound: Callable[[Settings], str]
    broker: Callable[[Settings], str]


def examine(config: Path | None, probes: Probes) -> Iterator[Finding]:
    """Yield the findings, the most basic first."""
    yield machine.bits()
    yield machine.python()
    yield machine.memory()
    yield machine.clock()
    try:
        loaded = load(config, _variables())
    except TtsError as error:
        yield Finding("settings", Severity.PROBLEM, str(error), "mend the line that is named")
        return
    yield _settings(loaded)
    yield from _places(loaded.settings)
    yield _probe("voice", probes.voice, loaded.settings, "tts-voices list; tts-voices verify NAME")
    yield _probe(
        "engine", probes.engine, loaded.settings, "scripts/build-native; synthesis.engine: auto"
    )
    yield from machine.audio_group()
    yield _probe("sound", probes.sound, loaded.settings, "aplay -l; then set audio.device")
    yield _broker(loaded.settings, probes)
    yield from _daemon(loaded.settings)


def _settings(loaded: Loaded) -> Finding:
    changed = len(loaded.origins)
    return Finding("settings", Severity.FINE, f"{changed} keys differ from the defaults")


def _places(settings: Settings) -> Iterator[Finding]:
    if not settings.queue.journal:
        return
    journal = Path(settings.queue.journal)
    yield machine.disk(journal.parent)
    if why := why_not_ours(journal):
        remedy = "set queue.journal to a path of its own"
        yield Finding("journal", Severity.PROBLEM, f"{journal} {why}", remedy)


def _probe(
    check: str, probe: Callable[[Settings], str], settings: Settings, remedy: str
) -> Finding:
    try:
        return Finding(check, Severity.FINE, probe(settings))
    except SoundLibraryError as error:
        return Finding(check, Severity.PROBLEM, str(error), "sudo apt install libportaudio2")
    except TtsError as error:
        return Finding(check, Severity.PROBLEM, str(error), remedy)


def _broker(settings: Settings, probes: Probes) -> Finding:
    mqtt = settings.mqtt
    if not mqtt.enabled:
        return Finding("broker", Severity.FINE, "not used (mqtt.enabled is false)")
    if mqtt.username and not mqtt.password and _is_closed(places.SYSTEM_CREDENTIALS):
        message = f"the password in {places.SYSTEM_CREDENTIALS} is for root alone"
        return Finding("broker", Severity.NOTICE, message, "sudo tts-doctor")
    remedy = "is it running? are mqtt.host, mqtt.port, mqtt.username and the password right?"
    return _probe("broker", probes.broker, settings, remedy)


def _variables() -> dict[str, str]:
    """Our environment, with the secrets that systemd would hand to the service."""
    variables = dict(os.environ)
    if os.access(places.SYSTEM_CREDENTIALS, os.R_OK | os.X_OK):
        variables.setdefault("CREDENTIALS_DIRECTORY", str(places.SYSTEM_CREDENTIALS))
    return variables


def _is_closed(directory: Path) -> bool:
    return directory.exists() and not os.access(directory, os.R_OK | os.X_OK)


def _daemon(settings: Settings) -> Iterator[Finding]:
    path = settings.socket.path
    troubles: dict[str, str] = {}
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DAEMON_TIMEOUT_S)
            client.connect(path)
            troubles = _troubles(client)
    except PermissionError:
        user = pwd.getpwuid(os.geteuid()).pw_name
        group = _group_of(path)
        remedy = f"sudo usermod -aG {group} {user}, then log in again"
        yield Finding("daemon", Severity.PROBLEM, f"{user} may not use {path}", remedy)
    except OSError as error:
        message = f"nobody answers at {path} ({error.strerror or error})"
        yield Finding("daemon", Severity.NOTICE, message, start_command())
    else:
        yield Finding("daemon", Severity.FINE, f"answers at {path}")
    for part, problem in troubles.items():
        remedy = "mend what it names: the daemon tries again by itself"
        yield Finding(f"daemon's {part}", Severity.PROBLEM, problem, remedy)


def _troubles(client: socket.socket) -> dict[str, str]:
    """What the daemon itself says is wrong; nothing where it has no time to answer."""
    client.sendall(b'{"op": "status"}\n')
    with contextlib.suppress(OSError, ValueError), client.makefile("rb") as answer:
        troubles: dict[str, str] = json.loads(answer.readline()).get("troubles", {})
        return troubles
    return {}


def _group_of(path: str) -> str:
    return grp.getgrgid(Path(path).stat().st_gid).gr_name
