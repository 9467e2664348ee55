"""A Debian beside this one, in which commands are run without a container engine.

The base is made once by mmdebstrap into .cache/; an overlay above it takes what a test changes.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from fakes.caches import kept
from fakes.requirements import need_programs, need_root

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache" / "doors"
SUITE = "trixie"
PYTHON = "3.13"
PACKAGES = "ca-certificates,python3,python3-venv,nginx-light,alsa-utils,speech-dispatcher"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
COMMAND_S = 600.0


def require_tools() -> None:
    """Skip, or fail where CI is set, what cannot be run here."""
    need_root("scripts/test --doors")
    need_programs("mmdebstrap", install="scripts/test --doors")


def base() -> Path:
    """A minimal Debian, kept under a name that changes with its contents."""
    key = hashlib.sha256(PACKAGES.encode()).hexdigest()[:8]

    def make(target: Path) -> None:
        command = ["mmdebstrap", "--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io"]
        subprocess.run([*command, f"--include={PACKAGES}", SUITE, str(target)], check=True)

    return kept(CACHE / f"{SUITE}-{key}", f"{SUITE}-", make)


class Room:
    """A writable view of the base; it has the network and the devices of this machine."""

    def __init__(self, place: Path, binds: dict[Path, str]) -> None:
        """Mount it under `place`, with folders of this machine read-only where `binds` says."""
        self.root = place / "root"
        layers = [place / name for name in ("upper", "work", "root")]
        for layer in layers:
            layer.mkdir()
        options = f"lowerdir={base()},upperdir={layers[0]},workdir={layers[1]}"
        _mount("-t", "overlay", "overlay", "-o", options, str(self.root))
        _mount("-t", "proc", "proc", str(self.root / "proc"))
        _mount("--rbind", "--make-rslave", "/dev", str(self.root / "dev"))
        for source, target in binds.items():
            inside = self.root / target.lstrip("/")
            inside.mkdir(parents=True)
            _mount("--bind", "-o", "ro", str(source), str(inside))

    def command(self, *words: str, user: str = "root", **variables: str) -> list[str]:
        """The command line that runs `words` inside, with these variables and no others."""
        settings = [f"{name}={value}" for name, value in ({"PATH": PATH} | variables).items()]
        who = [f"--userspec={user}"]
        return ["chroot", *who, str(self.root), "env", "-i", *settings, *words]

    def run(self, script: str, *, user: str = "root", **variables: str) -> str:
        """Run a shell script inside and return what it prints; a failure fails the test."""
        done = subprocess.run(
            self.command("sh", "-c", script, user=user, **variables),
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"$ {script}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def close(self) -> None:
        """Give the view back."""
        subprocess.run(["umount", "--recursive", "--lazy", str(self.root)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)
