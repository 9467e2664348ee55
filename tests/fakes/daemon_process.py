"""A real tts-daemon in a process of its own, on the tiny random voice."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tts_daemon.client import SocketClient
from tts_daemon.errors import TtsError

VOICES = Path(__file__).parents[1] / "data"
VOICE = "tiny_voice"
PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.2


class DaemonProcess:
    """Started in `directory`, which holds its configuration, socket, journal and log.

    Attributes:
        variables: More of its environment.
        beats: When it fed the watchdog, on the monotonic clock.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "tts.sock"
        self.config = directory / "config.yaml"
        self.log_file = directory / "log"
        self.variables: dict[str, str] = {}
        self.beats: list[float] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(directory / "notify"))
        self._told: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def configure(self, **sections: dict[str, Any]) -> None:
        """Write the configuration; sections are merged over those that every test needs."""
        base: dict[str, dict[str, Any]] = {
            "voice": {"default": VOICE, "models": [str(VOICES)]},
            "audio": {"device": "null:fast"},
            "socket": {"path": str(self.socket)},
            "text": {"corrections": str(self.directory / "lexicon.yaml")},
            "queue": {"journal": str(self.directory / "queue.db")},
            "logging": {"level": "debug"},
        }
        merged = {name: {**base.get(name, {}), **keys} for name, keys in sections.items()}
        self.config.write_text(yaml.safe_dump({**base, **merged}), encoding="utf-8")

    def launch(
        self,
        *wrapper: str,
        pass_fds: tuple[int, ...] = (),
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Start the process without waiting for it; `wrapper` begins its command line."""
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*wrapper, *self._command()],
                env={**environment, "NOTIFY_SOCKET": self._manager.getsockname(), **self.variables},
                stdout=log,
                stderr=log,
                pass_fds=pass_fds,
            )

    def start(self, **sections: dict[str, Any]) -> None:
        """Configure, start, and wait until it says that it is ready."""
        self.configure(**sections)
        self.launch()
        self.hear("READY=1")

    def run_to_its_end(self) -> subprocess.CompletedProcess[str]:
        """Start one that is expected to give up by itself."""
        return subprocess.run(
            self._command(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    def hear(self, wanted: str) -> None:
        """Wait until the service manager is told `wanted`; fail at once where the daemon ends."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            with contextlib.suppress(queue.Empty):
                if self._told.get(timeout=_LOOK_EVERY_S).startswith(wanted):
                    return
                continue
            self._live_on(wanted, 0.0)
        raise AssertionError(f"{wanted} was not said in {PATIENCE_S:.0f} s\n{self.log}")

    def ask(self, **fields: Any) -> dict[str, Any]:
        """One request on a connection of its own; where the daemon has ended, that is said."""
        try:
            with SocketClient([self.socket]) as client:
                return client.ask(**fields)
        except (TtsError, OSError):
            # Its socket closes a moment before the process has ended.
            self._live_on(str(fields), _LOOK_EVERY_S)
            raise

    def wait_until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask for the status until it is as wanted; the status."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not wanted(status := self.ask(op="status")):
            assert time.monotonic() < deadline_s, f"it stays {status}\n{self.log}"
            time.sleep(0.01)
        return status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self) -> int:
        """Exit status, once it has ended; its log where it does not end."""
        assert self._process is not None
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end:\n{self.log}") from None

    @property
    def pid(self) -> int:
        """Number of the process."""
        assert self._process is not None
        return self._process.pid

    def resident_mb(self) -> float:
        """Memory that it holds now."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6

    @property
    def log(self) -> str:
        """Everything that it wrote so far."""
        return self.log_file.read_text(encoding="utf-8")

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_S)
            self._process.kill()
            self._process.wait()
        self._manager.shutdown(socket.SHUT_RDWR)

    def _live_on(self, wanted: str, within_s: float) -> None:
        """Fail at once, with the log, where the daemon cannot do what is waited for any more."""
        assert self._process is not None, f"{wanted}: the daemon was never started"
        with contextlib.suppress(subprocess.TimeoutExpired):
            ended = self._process.wait(within_s)
            raise AssertionError(f"{wanted}: the daemon ended with {ended}\n{self.log}")

    def _listen(self) -> None:
        # All the time, as a service manager does: a full socket would lose what is said into it.
        with self._manager:
            while told := self._manager.recv(1000).decode():
                if told == "WATCHDOG=1":
                    self.beats.append(time.monotonic())
                self._told.put(told)

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "tts_daemon.cli.daemon", "--config", str(self.config)]
