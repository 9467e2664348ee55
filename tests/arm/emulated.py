"""An emulated Raspberry Pi 4B: aarch64 wheels under qemu-user, as a Cortex-A72 would run them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache" / "arm"
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
PYTHON = "3.11"


def dependencies() -> list[str]:
    """What `pip install tts-daemon` brings, with the doors of the installed service."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras.get("http", []), *extras.get("wyoming", [])]


def pip_download(target: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Fetch every dependency as a wheel for aarch64 and that Python; no compiler is allowed."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
    command += ["-d", str(target), "--implementation=cp", f"--python-version={python}"]
    command += [f"--platform={platform}" for platform in PLATFORMS]
    return subprocess.run(
        [*command, *dependencies()], capture_output=True, text=True, check=False, timeout=600
    )


@dataclass(frozen=True)
class Pi:
    """Runs Python as on a Cortex-A72."""

    qemu: Path
    root: Path

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the emulated interpreter with the checkout and its wheels on the path."""
        path = f"{CHECKOUT}:{self.root / 'site'}"
        return subprocess.run(
            [self.qemu, "-cpu", "cortex-a72", "-L", self.root, "-E", f"PYTHONPATH={path}",
             self.root / "usr/bin/python3.11", *arguments],
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip

    @classmethod
    def prepare(cls) -> Pi:
        """Make the root and unpack the wheels, once; later calls find them in .cache/."""
        key = hashlib.sha256((CHECKOUT / "pyproject.toml").read_bytes()).hexdigest()[:8]
        root = CACHE / f"bookworm-arm64-{key}"
        # Debian 12's own qemu shows the host's /proc/cpuinfo, on which onnxruntime crashes.
        qemu = _extract("trixie", CACHE / "qemu", "qemu-user") / "usr/bin/qemu-aarch64"
        if not (root / "site").exists():
            _extract("bookworm", root, "python3,libportaudio2", "--architectures=arm64")
            _unpack_wheels(root)
        return cls(qemu, root)


def _extract(suite: str, target: Path, packages: str, *options: str) -> Path:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={packages}", *options]
        subprocess.run([*command, suite, str(target)], check=True, stderr=subprocess.DEVNULL)
    return target


def _unpack_wheels(root: Path) -> None:
    wheels = root / "wheels"
    result = pip_download(wheels, PYTHON)
    assert result.returncode == 0, result.stderr
    unfinished = root / "site.part"
    for wheel in wheels.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(unfinished)
    unfinished.rename(root / "site")
