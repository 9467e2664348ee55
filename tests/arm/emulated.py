"""An emulated Raspberry Pi 4B: aarch64 wheels under qemu-user, as a Cortex-A72 would run them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CONSTRAINTS = CHECKOUT / "constraints.txt"
CACHE = CHECKOUT / ".cache" / "arm"
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
SYSTEMS = {"bookworm": "3.11", "trixie": "3.13"}
"""Releases that Raspberry Pi OS comes from, and their Pythons."""


def dependencies() -> list[str]:
    """What `pip install tts-daemon` brings, with the doors of the installed service."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras.get("http", []), *extras.get("wyoming", [])]


def pip_download(target: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Fetch every dependency as a wheel for aarch64 and that Python; no compiler is allowed."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
    command += ["--constraint", str(CONSTRAINTS)]
    command += ["-d", str(target), "--implementation=cp", f"--python-version={python}"]
    command += [f"--platform={platform}" for platform in PLATFORMS]
    return subprocess.run(
        [*command, *dependencies()], capture_output=True, text=True, check=False, timeout=600
    )


@dataclass(frozen=True)
class Pi:
    """Runs Python as on a Cortex-A72.

    Attributes:
        qemu: The emulator.
        root: An unpacked Debian for arm64.
        python: Version of its Python.
        site: The unpacked wheels.
    """

    qemu: Path
    root: Path
    python: str
    site: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the emulated interpreter with the checkout and its wheels on the path."""
        path = f"{CHECKOUT}:{self.site}"
        return subprocess.run(
            [self.qemu, "-cpu", "cortex-a72", "-L", self.root, "-E", f"PYTHONPATH={path}",
             self.root / f"usr/bin/python{self.python}", *arguments],
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip

    @classmethod
    def prepare(cls, suite: str) -> Pi:
        """Make the root and unpack the wheels, once; later calls find them in .cache/."""
        # Debian 12's own qemu shows the host's /proc/cpuinfo, on which onnxruntime crashes.
        qemu = extract("trixie", CACHE / "qemu", "qemu-user") / "usr/bin/qemu-aarch64"
        # base-files: the links from /lib to /usr/lib.
        packages = "base-files,python3,libportaudio2"
        root = extract(suite, CACHE / f"{suite}-arm64", packages, "--architectures=arm64")
        wheels = "\n".join([*dependencies(), CONSTRAINTS.read_text(encoding="utf-8")])
        key = hashlib.sha256(wheels.encode()).hexdigest()[:8]
        site = CACHE / f"{suite}-site-{key}"
        if not site.exists():
            _unpack_wheels(site, SYSTEMS[suite])
        return cls(qemu, root, SYSTEMS[suite], site)


def extract(suite: str, target: Path, packages: str, *options: str) -> Path:
    """Unpack Debian packages with what they need; nothing of them is run."""
    if not target.exists():
        unfinished = target.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        command = ["mmdebstrap", "--variant=extract", f"--include={packages}", *options]
        command += [suite, str(unfinished)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        unfinished.rename(target)
    return target


def _unpack_wheels(site: Path, python: str) -> None:
    wheels, unfinished = site.with_suffix(".wheels"), site.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    result = pip_download(wheels, python)
    assert result.returncode == 0, result.stderr
    for wheel in wheels.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(unfinished)
    unfinished.rename(site)
    shutil.rmtree(wheels)
