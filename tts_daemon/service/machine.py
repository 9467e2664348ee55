"""What the doctor checks of the machine itself."""

from __future__ import annotations

import os
import platform
import pwd
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tts_daemon.service.findings import Finding, Severity

NEEDED_MEMORY_MB = 400
NEEDED_DISK_MB = 100
OLDEST_SANE_YEAR = 2025


def bits() -> Finding:
    """Whether the inference library exists for this system."""
    width = struct.calcsize("P") * 8
    message = f"{platform.machine()}, {width} bits"
    if width == 64:
        return Finding("system", Severity.FINE, message)
    remedy = "install the 64-bit Raspberry Pi OS: onnxruntime has no 32-bit build"
    return Finding("system", Severity.PROBLEM, message, remedy)


def python() -> Finding:
    """The interpreter."""
    return Finding("python", Severity.FINE, platform.python_version())


def memory() -> Finding:
    """Whether a voice fits."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    free_mb = available // 1024
    if free_mb >= NEEDED_MEMORY_MB:
        return Finding("memory", Severity.FINE, f"{free_mb} MB available")
    message = f"{free_mb} MB available, {NEEDED_MEMORY_MB} MB wanted"
    return Finding("memory", Severity.NOTICE, message, "stop other services, or use one voice only")


def clock() -> Finding:
    """Whether the clock can be right."""
    now = time.localtime()
    shown = time.strftime("%Y-%m-%d %H:%M", now)
    remedy = "sudo timedatectl set-ntp true: quiet hours and ttl_s go by this clock"
    if now.tm_year < OLDEST_SANE_YEAR:
        return Finding("clock", Severity.PROBLEM, shown, remedy)
    if _is_clock_loose():
        message = f"{shown}, not set by the network since the start"
        return Finding("clock", Severity.NOTICE, message, remedy)
    return Finding("clock", Severity.FINE, shown)


def _is_clock_loose() -> bool:
    """Whether systemd knows that nobody set the clock; a Pi has none that runs on."""
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        told = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.stdout.strip() == "no"


def disk(directory: Path) -> Finding:
    """Whether the queue can be written down."""
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free_mb = shutil.disk_usage(existing).free // 2**20
    if free_mb >= NEEDED_DISK_MB:
        return Finding("disk", Severity.FINE, f"{free_mb} MB free at {existing}")
    message = f"{free_mb} MB free at {existing}: requests may not survive a power cut"
    return Finding("disk", Severity.PROBLEM, message, f"make room at {existing}")


def audio_group() -> Iterator[Finding]:
    """Whether we may use the sound card, where there is one."""
    if os.geteuid() == 0 or not Path("/dev/snd").exists():
        return
    user = pwd.getpwuid(os.geteuid()).pw_name
    if os.access("/dev/snd/timer", os.W_OK):
        yield Finding("audio group", Severity.FINE, f"{user} may use the sound card")
        return
    remedy = f"sudo usermod -aG audio {user}, then log in again"
    yield Finding("audio group", Severity.PROBLEM, f"{user} may not use /dev/snd", remedy)
