"""A booted Debian in systemd-nspawn in which the project is installed as a user would.

The root is made once by debootstrap into .cache/; an overlay above it takes what a test changes.
It has no network of its own to rely on: the wheels are downloaded outside and bound in read-only.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest


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
