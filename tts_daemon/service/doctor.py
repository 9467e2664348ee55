"""Looks at the machine and the settings; says what is wrong and what mends it."""

from __future__ import annotations

import grp
import os
import platform
import pwd
import shutil
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tts_daemon.errors import TtsError
from tts_daemon.settings.loader import Loaded, load
from tts_daemon.settings.schema import Settings

NEEDED_MEMORY_MB = 400
NEEDED_DISK_MB = 100
OLDEST_SANE_YEAR = 2025
BROKER_TIMEOUT_S = 3.0


class Verdict(StrEnum):
    """How a check came out."""

    FINE = "fine"
    NOTICE = "notice"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: What was looked at.
        message: What was seen.
        remedy: A command or an edit that mends it; empty when nothing needs to be mended.
    """

    check: str
    verdict: Verdict
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Probes:
    """What the checks of voices and sound need from other packages; each returns a line for people.

    They raise TtsError when something is wrong.
    """

    voice: Callable[[Settings], str]
    sound: Callable[[Settings], str]


def examine(config: Path | None, probes: Probes) -> Iterator[Finding]:
    """Yield the findings, the most basic first."""
    yield _bits()
    yield _python()
    yield _memory()
    yield _clock()
    try:
        loaded = load(config)
    except TtsError as error:
        yield Finding("settings", Verdict.PROBLEM, str(error), "mend the line that is named")
        return
    yield _settings(loaded)
    yield from _places(loaded.settings)
    yield _probe("voice", probes.voice, loaded.settings, "tts-voices list; tts-voices verify NAME")
    yield from _audio_group()
    yield _probe("sound", probes.sound, loaded.settings, "aplay -l; then set audio.device")
    yield _broker(loaded.settings)
    yield _daemon(loaded.settings)


def _bits() -> Finding:
    bits = struct.calcsize("P") * 8
    if bits == 64:
        return Finding("system", Verdict.FINE, f"{platform.machine()}, {bits} bits")
    remedy = "install the 64-bit Raspberry Pi OS: onnxruntime has no 32-bit build"
    return Finding("system", Verdict.PROBLEM, f"{platform.machine()}, {bits} bits", remedy)


def _python() -> Finding:
    return Finding("python", Verdict.FINE, platform.python_version())


def _memory() -> Finding:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    free_mb = available // 1024
    if free_mb >= NEEDED_MEMORY_MB:
        return Finding("memory", Verdict.FINE, f"{free_mb} MB available")
    message = f"{free_mb} MB available, {NEEDED_MEMORY_MB} MB wanted"
    return Finding("memory", Verdict.NOTICE, message, "stop other services, or use one voice only")


def _clock() -> Finding:
    now = time.localtime()
    shown = time.strftime("%Y-%m-%d %H:%M", now)
    if now.tm_year >= OLDEST_SANE_YEAR:
        return Finding("clock", Verdict.FINE, shown)
    remedy = "timedatectl set-ntp true: requests with ttl_s expire by this clock"
    return Finding("clock", Verdict.PROBLEM, shown, remedy)


def _settings(loaded: Loaded) -> Finding:
    changed = len(loaded.origins)
    return Finding("settings", Verdict.FINE, f"{changed} keys differ from the defaults")


def _places(settings: Settings) -> Iterator[Finding]:
    if settings.queue.journal:
        yield _disk(Path(settings.queue.journal).parent)


def _disk(directory: Path) -> Finding:
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free_mb = shutil.disk_usage(existing).free // 2**20
    if free_mb >= NEEDED_DISK_MB:
        return Finding("disk", Verdict.FINE, f"{free_mb} MB free at {existing}")
    message = f"{free_mb} MB free at {existing}: requests may not survive a power cut"
    return Finding("disk", Verdict.PROBLEM, message, f"make room at {existing}")


def _audio_group() -> Iterator[Finding]:
    if os.geteuid() == 0 or not Path("/dev/snd").exists():
        return
    user = pwd.getpwuid(os.geteuid()).pw_name
    if os.access("/dev/snd/timer", os.W_OK):
        yield Finding("audio group", Verdict.FINE, f"{user} may use the sound card")
        return
    remedy = f"sudo usermod -aG audio {user}, then log in again"
    yield Finding("audio group", Verdict.PROBLEM, f"{user} may not use /dev/snd", remedy)


def _probe(
    check: str, probe: Callable[[Settings], str], settings: Settings, remedy: str
) -> Finding:
    try:
        return Finding(check, Verdict.FINE, probe(settings))
    except TtsError as error:
        return Finding(check, Verdict.PROBLEM, str(error), remedy)


def _broker(settings: Settings) -> Finding:
    mqtt = settings.mqtt
    if not mqtt.enabled:
        return Finding("broker", Verdict.FINE, "not used (mqtt.enabled is false)")
    place = f"{mqtt.host}:{mqtt.port}"
    try:
        socket.create_connection((mqtt.host, mqtt.port), BROKER_TIMEOUT_S).close()
    except OSError as error:
        remedy = "is it running, and are mqtt.host and mqtt.port right?"
        return Finding("broker", Verdict.PROBLEM, f"{place}: {error.strerror or error}", remedy)
    return Finding("broker", Verdict.FINE, f"{place} answers")


def _daemon(settings: Settings) -> Finding:
    path = settings.socket.path
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(BROKER_TIMEOUT_S)
            client.connect(path)
    except PermissionError:
        user = pwd.getpwuid(os.geteuid()).pw_name
        group = _group_of(path)
        remedy = f"sudo usermod -aG {group} {user}, then log in again"
        return Finding("daemon", Verdict.PROBLEM, f"{user} may not use {path}", remedy)
    except OSError as error:
        message = f"nobody answers at {path} ({error.strerror or error})"
        return Finding("daemon", Verdict.NOTICE, message, "sudo systemctl start tts-daemon")
    return Finding("daemon", Verdict.FINE, f"answers at {path}")


def _group_of(path: str) -> str:
    return grp.getgrgid(Path(path).stat().st_gid).gr_name
