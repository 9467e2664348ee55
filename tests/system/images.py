"""What a machine of these tests is made of: a minimal Debian, the wheels, the checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.caches import kept

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache" / "system"
PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
SUITE = os.environ.get("TTS_TEST_SUITE", "bookworm")
"""The Debian release to test on."""

PACKAGES = (
    "systemd,systemd-sysv,dbus,libpam-systemd,procps,adduser,"
    "python3,python3-venv,python3-systemd,libportaudio2,libasound2-plugins,alsa-utils,"
    "mosquitto,mosquitto-clients"
)
EXTRAS = ("http", "wyoming")


def debian() -> Path:
    """A minimal Debian, made once and kept under a name that changes with its contents."""
    key = hashlib.sha256(PACKAGES.encode()).hexdigest()[:8]

    def make(target: Path) -> None:
        # Nobody needs the unfinished one after a power cut.
        command = ["mmdebstrap", "--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io"]
        subprocess.run([*command, f"--include={PACKAGES}", SUITE, str(target)], check=True)

    return kept(CACHE / f"{SUITE}-{key}", f"{SUITE}-", make)


def wheels() -> Path:
    """Every wheel that the installation needs, so that it can run without an index."""
    key = hashlib.sha256(" ".join(_requirements()).encode()).hexdigest()[:8]
    kind = f"wheels-{PYTHONS[SUITE]}-"

    def make(target: Path) -> None:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
        command += [f"--python-version={PYTHONS[SUITE]}", "-d", str(target)]
        subprocess.run([*command, *_requirements()], check=True)

    return kept(CACHE / f"{kind}{key}", kind, make)


def _requirements() -> list[str]:
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    project = settings["project"]
    extras = project["optional-dependencies"]
    optional = [line for name in EXTRAS for line in extras[name]]
    return [*settings["build-system"]["requires"], *project["dependencies"], *optional]


def copy_checkout(target: Path) -> None:
    """The files of the checkout that are not ignored: what a user has after git clone."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)


@contextmanager
def writable(root: Path, place: Path) -> Iterator[Path]:
    """A view of `root` whose changes stay in `place`."""
    for name in ("upper", "work", "merged"):
        (place / name).mkdir()
    layers = f"lowerdir={root},upperdir={place / 'upper'},workdir={place / 'work'}"
    merged = str(place / "merged")
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, merged], check=True)
    try:
        yield place / "merged"
    finally:
        subprocess.run(["umount", "--lazy", merged], check=True)
