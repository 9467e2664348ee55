"""Sound cards of the kernel: `Loopback`, which can be listened to, and two choosy `Dummy`.

`scripts/with-sound-cards` has them; `scripts/test --sound-card` runs these tests there.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes.requirements import unavailable
from numpy.typing import NDArray

from tts_daemon.sound.devices.alsa import rescan

LOOPBACK = Path("/proc/asound/Loopback")
DRIVER = Path("/sys/bus/platform/drivers/snd_aloop")
PATIENCE_S = 120.0


def wait_until(ready: Callable[[], bool]) -> None:
    """Look again and again; the emulated machine may be slow."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not ready():
        assert time.monotonic() < deadline_s, "it did not come true"
        time.sleep(0.01)


class Loopback:
    """The card that is a cable: what is played at one end is recorded at the other."""

    def __init__(self, directory: Path) -> None:
        self._raw = directory / "heard.raw"
        self._programs: list[subprocess.Popen[bytes]] = []

    def record(self, rate: int = 16000, channels: int = 1) -> None:
        """Listen; from now on the card plays at this rate and with these channels only."""
        self._channels = channels
        form = ["-f", "S16_LE", "-r", str(rate), "-c", str(channels), "-t", "raw"]
        self._start("arecord", "-q", "-D", "hw:Loopback,1", "-B", "2000000", *form, str(self._raw))
        wait_until(lambda: self._raw.exists() and self.state("pcm1c") == "RUNNING")

    def hold(self, device: str = "hw:Loopback,0") -> subprocess.Popen[bytes]:
        """Another program that plays silence on the card."""
        form = ["-f", "S16_LE", "-r", "16000", "-c", "1", "-t", "raw"]
        program = self._start("aplay", "-q", "-D", device, *form, "/dev/zero")
        wait_until(lambda: self.state("pcm0p") == "RUNNING")
        return program

    def state(self, side: str) -> str:
        """What the kernel says of one end: closed, RUNNING, XRUN, ..."""
        lines = (LOOPBACK / side / "sub0" / "status").read_text().splitlines()
        return lines[0].removeprefix("state: ")

    def heard(self) -> NDArray[np.int16]:
        """What was recorded until now, int16 [N], the first channel."""
        whole = self._raw.stat().st_size // (2 * self._channels) * self._channels
        return np.fromfile(self._raw, dtype="<i2", count=whole)[:: self._channels]

    def unplug(self) -> None:
        """Pull it out; nobody may hold it, since this driver waits for that."""
        (DRIVER / "unbind").write_text("snd_aloop.0")

    def plug_in(self) -> None:
        if not LOOPBACK.exists():
            (DRIVER / "bind").write_text("snd_aloop.0")

    def hang_up(self) -> None:
        """End every other program."""
        for program in self._programs:
            program.kill()
            program.wait()

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        self._programs.append(subprocess.Popen(command))
        return self._programs[-1]


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[Loopback]:
    if not LOOPBACK.exists():
        unavailable("no card Loopback here: scripts/test --sound-card")
    rescan()
    card = Loopback(tmp_path)
    yield card
    card.hang_up()
    card.plug_in()
