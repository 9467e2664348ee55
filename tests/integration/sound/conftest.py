"""Real ALSA without a sound card: its file plugin writes down what would be heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fakes.requirements import unavailable
from numpy.typing import NDArray

ASOUNDRC = """\
pcm.!default {{ type plug slave.pcm "{name}" }}
pcm.{name} {{ type file slave.pcm "null" file "{file}" format "raw" }}
pcm.null {{ type null }}
"""


@dataclass
class Alsa:
    """An ALSA configuration whose device `tofile` can come and go."""

    directory: Path

    @property
    def raw(self) -> Path:
        return self.directory / "out.raw"

    def plug_in(self, name: str = "tofile", file: str | None = None) -> None:
        self._configure(ASOUNDRC.format(name=name, file=file or self.raw))

    def unplug(self) -> None:
        # PortAudio aborts the process where nothing at all is called default.
        self._configure("pcm.!default { type hw card 7 }\npcm.null { type null }\n")

    def _configure(self, text: str) -> None:
        # A new file each time, and the old ones stay: ALSA takes one of the same inode and second
        # for unchanged, and the inode of a file that is gone is soon used again.
        new = self.directory / f"asoundrc.{len(list(self.directory.glob('asoundrc.*')))}"
        new.write_text(text)
        link = self.directory / "link"
        link.hardlink_to(new)
        link.replace(self.directory / "asoundrc")

    def heard(self) -> NDArray[np.int16]:
        return np.fromfile(self.raw, dtype="<i2") if self.raw.exists() else np.zeros(0, np.int16)


@pytest.fixture
def alsa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Alsa:
    """ALSA reads its configuration anew at every rescan, so a file of our own is enough."""
    machine = Alsa(tmp_path)
    machine.plug_in()
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asoundrc"))
    rescan = _rescan_or_skip()
    rescan()
    return machine


def _rescan_or_skip() -> Callable[[], None]:
    from tts_daemon.sound.devices.alsa import rescan

    try:
        rescan()
    except Exception as error:
        unavailable(f"PortAudio is missing: {error}: apt-get install libportaudio2")
    return rescan
