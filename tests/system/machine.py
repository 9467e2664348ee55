"""A booted Debian in systemd-nspawn, in which the project is installed as a user would.

It has no network of its own to rely on: the wheels are downloaded outside and bound in read-only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}
PATIENCE_S = 300.0
"""For what takes seconds on an idle machine."""


class Machine:
    """A running container; commands are run beside its first process.

    Args:
        root: Its file system.
        binds: Directories outside -> where they are seen inside, read-only.
        log: Takes what it prints.
    """

    def __init__(self, root: Path, binds: dict[Path, str], log: Path) -> None:
        self.root = root
        self._log = log
        # Its processes have a namespace of their own, which ends with the first of them; that one
        # ends with whoever started it: no machine lives on behind its tests.
        self._arguments = ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork"]
        self._arguments += ["--kill-child", "--mount-proc"]
        self._arguments += ["systemd-nspawn", "-D", str(root), "--boot", "--register=no"]
        self._arguments += ["--keep-unit", "--console=pipe", "--private-network"]
        self._arguments += [f"--bind-ro={source}:{target}" for source, target in binds.items()]
        _mount_run_systemd()

    def power_on(self) -> None:
        """Boot, and wait until systemd has started everything."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        self.wait_until("systemctl is-system-running | grep -qE 'running|degraded'")

    def power_off(self) -> None:
        """Shut down in order."""
        try:
            os.kill(int(_child(self._process.pid, "systemd-nspawn")), signal.SIGTERM)
            self._process.wait(PATIENCE_S)
        except (ValueError, ProcessLookupError):
            pass  # it has ended, or never began
        finally:
            self.cut_power()

    def cut_power(self) -> None:
        """End every process of the machine at once."""
        inside = self._leader() if self._process.poll() is None else None
        self._process.kill()
        self._process.wait()
        deadline_s = time.monotonic() + PATIENCE_S
        while inside and Path(f"/proc/{inside}").exists():
            assert time.monotonic() < deadline_s, "the machine lives on without power"
            time.sleep(0.05)

    def _leader(self) -> str | None:
        """The container's first process, once it is systemd; before, it belongs to nspawn."""
        if self._process.poll() is not None:
            pytest.fail(f"the machine has ended: {self._log.read_text()}")
        nspawn = _child(self._process.pid, "systemd-nspawn")
        return (_child(int(nspawn), "systemd") if nspawn else "") or None

    def run(
        self, command: str, *, user: str = "root", stdin: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command inside as `user`; a failure fails the test, unless `check` is off."""
        shell = ["runuser", "-u", user, "--", "bash", "-c", command]
        leader = self._leader()
        if leader is None:
            return subprocess.CompletedProcess(shell, 1, "", "not booted yet")
        result = subprocess.run(
            ["nsenter", "-t", leader, "--all", "--", *shell],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            env=ENVIRONMENT,
        )
        if check and result.returncode != 0:
            pytest.fail(f"$ {command}\nexit {result.returncode}\n{result.stdout}\n{result.stderr}")
        return result

    def wait_until(self, command: str) -> None:
        """Wait for a shell condition inside to hold."""
        deadline_s = time.monotonic() + PATIENCE_S
        while self.run(command, check=False).returncode != 0:
            if time.monotonic() > deadline_s:
                journal = self.run("journalctl -u tts-daemon -n 40 --no-pager", check=False).stdout
                pytest.fail(f"did not come true in {PATIENCE_S:.0f} s: {command}\n{journal}")
            time.sleep(0.2)

    def put(self, path: str, content: str) -> None:
        """Write a file inside."""
        self.run(f"mkdir -p $(dirname {path}) && cat > {path}", stdin=content)

    def address(self, action: str, address: str) -> None:
        """`add` or `delete` one more address; the machine has no tool of its own for that."""
        command = ["nsenter", "-t", str(self._leader()), "--net", "--", "ip", "address"]
        subprocess.run([*command, action, f"{address}/32", "dev", "lo"], check=True)

    def files(self) -> dict[str, str]:
        """Every file that a system keeps -> kind, owner, mode, target and what is in it."""
        places = "/etc /opt /usr /var/lib /var/spool /var/cache /root /home /srv /boot /run /tmp"
        shown = self.run(f"find {places} -xdev -printf '%p\\t%y %u:%g %m %l\\n'").stdout
        found = dict(line.split("\t", 1) for line in shown.splitlines())
        read = f"find {places} -xdev -type f -print0 | xargs -0 -r sha256sum"
        # A file that ends while all are read is seen by the first list.
        for line in self.run(read, check=False).stdout.splitlines():
            digest, _, path = line.partition("  ")
            found[path] = f"{found.get(path, '')} {digest}"
        return found

    def people(self) -> dict[str, str]:
        """Every user and group -> its numbers, home and members."""
        shown = self.run(
            "getent passwd | sed 's/^/user /'; getent group | sed 's/^/group /'"
        ).stdout
        return dict(line.split(":", 1) for line in shown.splitlines())

    # -- the service --------------------------------------------------------------------------

    def main_pid(self) -> int:
        """The daemon's process; 0 when there is none."""
        return int(self.run("systemctl show -P MainPID tts-daemon").stdout)

    def status(self) -> dict[str, Any]:
        """What the daemon says it is doing."""
        answer: dict[str, Any] = json.loads(self.run("tts-say --status --json").stdout)
        return answer

    def journal(self, *matches: str) -> list[dict[str, str]]:
        """The daemon's entries with these fields, the oldest first."""
        command = f"journalctl -u tts-daemon -o json {' '.join(matches)}"
        return [json.loads(line) for line in self.run(command).stdout.splitlines()]

    def wait_for_end(self, utterance_id: str, event: str = "finished") -> None:
        """Wait until the journal says how an utterance has ended."""
        matches = f"UTTERANCE_ID={utterance_id} EVENT={event}"
        self.wait_until(f"journalctl -u tts-daemon -o cat -q {matches} | grep -q .")


def _child(parent: int, name: str) -> str:
    """Number of the child of that name; empty without one."""
    command = ["pgrep", "--parent", str(parent), "--exact", name]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _mount_run_systemd() -> None:
    """systemd-nspawn looks for a running systemd there; an empty file system is enough for it."""
    Path("/run/systemd").mkdir(exist_ok=True)
    if not os.path.ismount("/run/systemd"):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/systemd"], check=True)
