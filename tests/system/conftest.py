"""A booted Debian in systemd-nspawn in which the project is installed as a user would.

The root is made once by debootstrap into .cache/; an overlay above it takes what a test changes.
It has no network of its own to rely on: the wheels are downloaded outside and bound in read-only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache"
SUITE = "bookworm"
PACKAGES = (
    "systemd,systemd-sysv,dbus,libpam-systemd,python3,python3-venv,python3-systemd,"
    "libportaudio2,libasound2-plugins,alsa-utils,procps,mosquitto,mosquitto-clients"
)
EXTRAS = "http,wyoming"


class Machine:
    """A running container; commands are run beside its first process."""

    def __init__(self, root: Path, binds: dict[Path, str], log: Path) -> None:
        self._log = log
        self._arguments = ["systemd-nspawn", "-D", str(root), "--boot", "--register=no"]
        self._arguments += ["--keep-unit", "--console=pipe"]
        self._arguments += [f"--bind-ro={source}:{target}" for source, target in binds.items()]
        _mount_run_systemd()
        self.power_on()

    def power_on(self) -> None:
        """Boot, and wait until systemd has started everything."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        self._leader = self._wait_for_leader()
        self.wait_until("systemctl is-system-running | grep -qE 'running|degraded'")

    def _wait_for_leader(self) -> str:
        for _ in range(300):
            found = subprocess.run(
                ["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True, check=False
            ).stdout.split()
            if found:
                return found[0]
            if self._process.poll() is not None:
                raise RuntimeError(f"the container did not start: {self._log.read_text()}")
            time.sleep(0.1)
        raise RuntimeError("the container has no first process")

    def run(
        self, command: str, *, user: str | None = None, stdin: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command inside, as root or as `user`; a failure fails the test."""
        shell = (
            ["runuser", "-u", user, "--", "bash", "-c", command]
            if user
            else ["bash", "-c", command]
        )
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
        }
        result = subprocess.run(
            ["nsenter", "-t", self._leader, "-a", *shell],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            env=environment,
        )
        if check and result.returncode != 0:
            pytest.fail(f"$ {command}\nexit {result.returncode}\n{result.stdout}\n{result.stderr}")
        return result

    def wait_until(self, command: str, limit_s: float = 60.0) -> None:
        """Wait for a shell condition inside to hold."""
        deadline = time.monotonic() + limit_s
        while self.run(command, check=False).returncode != 0:
            if time.monotonic() > deadline:
                journal = self.run("journalctl -u tts-daemon -n 40 --no-pager", check=False).stdout
                pytest.fail(f"did not come true in {limit_s:.0f} s: {command}\n{journal}")
            time.sleep(0.2)

    def put(self, path: str, content: str) -> None:
        """Write a file inside."""
        self.run(f"mkdir -p $(dirname {path}) && cat > {path}", stdin=content)

    def power_off(self) -> None:
        """Stop the container and what runs in it."""
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _mount_run_systemd() -> None:
    """systemd-nspawn looks for a running systemd there; an empty file system is enough for it."""
    Path("/run/systemd").mkdir(exist_ok=True)
    if not os.path.ismount("/run/systemd"):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/systemd"], check=True)


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
    import tomllib

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
