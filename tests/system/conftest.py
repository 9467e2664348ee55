"""The booted machine of these tests, and what is made for it once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from system.machine import Machine

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache"
SUITE = "bookworm"
PACKAGES = (
    "systemd,systemd-sysv,dbus,libpam-systemd,python3,python3-venv,python3-systemd,"
    "libportaudio2,libasound2-plugins,alsa-utils,procps,mosquitto,mosquitto-clients"
)
EXTRAS = "http,wyoming"


def _missing_tools() -> list[str]:
    return [
        name for name in ("debootstrap", "systemd-nspawn", "nsenter") if shutil.which(name) is None
    ]


@pytest.fixture(scope="session")
def root() -> Path:
    """A minimal Debian, kept in .cache/ under a name that changes with its contents."""
    missing = _missing_tools()
    if missing or os.geteuid() != 0:
        reason = f"needs root and {', '.join(missing) or 'nothing else'}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    key = hashlib.sha256(PACKAGES.encode()).hexdigest()[:8]
    target = CACHE / f"{SUITE}-{key}"
    if not target.exists():
        unfinished = target.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(exist_ok=True)
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(unfinished)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        unfinished.rename(target)
    return target


@pytest.fixture(scope="session")
def wheels() -> Path:
    """Every wheel that the installation needs, so that it can run without an index."""
    target = CACHE / "wheels"
    stamp = target / hashlib.sha256((CHECKOUT / "pyproject.toml").read_bytes()).hexdigest()[:16]
    if not stamp.exists():
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--only-binary=:all:",
                "-d",
                str(target),
                "--python-version=3.11",
                "--no-build-isolation",
                "pip",
                "setuptools",
                "wheel",
                *_dependencies(),
            ],
            check=True,
        )
        stamp.touch()
    return target


def _dependencies() -> list[str]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [
        *project["dependencies"],
        *(line for name in EXTRAS.split(",") for line in extras.get(name, [])),
    ]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout's versioned files: what a user has after git clone."""
    target = tmp_path_factory.mktemp("source")
    files = (
        subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=CHECKOUT,
            capture_output=True,
            check=True,
        )
        .stdout.decode()
        .split("\0")
    )
    for name in filter(None, files):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)
    return target


@pytest.fixture(scope="session")
def machine(
    root: Path, wheels: Path, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A booted container with the checkout at /root/tts_daemon, and two people."""
    place = tmp_path_factory.mktemp("machine")
    merged = _overlay(root, place)
    running = Machine(merged, {wheels: "/wheels", source: "/checkout"}, place / "console.log")
    try:
        running.run("cp -r /checkout /root/tts_daemon")
        running.put("/etc/pip.conf", "[global]\nno-index = true\nfind-links = /wheels\n")
        running.run("useradd -m insider && useradd -m outsider")
        yield running
    finally:
        running.power_off()
        subprocess.run(["umount", "--lazy", str(merged)], check=True)


def _overlay(root: Path, place: Path) -> Path:
    """A writable view of `root`; its changes stay in `place`, so that it can be booted again."""
    for name in ("upper", "work", "merged"):
        (place / name).mkdir()
    layers = f"lowerdir={root},upperdir={place / 'upper'},workdir={place / 'work'}"
    subprocess.run(
        ["mount", "-t", "overlay", "overlay", "-o", layers, str(place / "merged")], check=True
    )
    return place / "merged"
