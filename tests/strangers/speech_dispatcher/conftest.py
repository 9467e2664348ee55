"""Debian's speech-dispatcher with our module, in front of a real daemon."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes.daemon_process import PATIENCE_S, DaemonProcess
from fakes.requirements import need_programs

CHECKOUT = Path(__file__).parents[3]
SETTINGS = """
LogLevel 3
LogDir "{directory}"
AudioOutputMethod "alsa"
AudioALSADevice "null"
SymbolsPreproc "{symbols}"
SymbolsPreprocFile "symbols.dic"
SymbolsPreprocFile "emojis.dic"
AddModule "tts-daemon" "sd_generic" "tts-daemon.conf"
LanguageDefaultModule "zh-CN" "tts-daemon"
"""


class SpeechDispatcher:
    """What screen readers speak to.

    Attributes:
        arrived: What our module was given, one text after another.
    """

    def __init__(self, directory: Path, socket: Path, symbols: str) -> None:
        """Start it; `symbols` is how far it replaces signs by words itself."""
        self._directory = directory
        self._heard = directory / "heard.wav"
        self._arrived = directory / "arrived"
        self._write_programs(directory / "bin")
        modules = directory / "modules"
        modules.mkdir()
        example = CHECKOUT / "config/examples/speech-dispatcher.conf"
        shutil.copy(example, modules / "tts-daemon.conf")
        text = SETTINGS.format(directory=directory, symbols=symbols)
        (directory / "speechd.conf").write_text(text, encoding="utf-8")
        address = directory / "speechd.sock"
        self._variables = {
            **os.environ,
            "PATH": f"{directory / 'bin'}:{os.environ['PATH']}",
            "XDG_RUNTIME_DIR": str(directory),
            "SPEECHD_ADDRESS": f"unix_socket:{address}",
            "TTS_DAEMON__SOCKET__PATH": str(socket),
            "LC_ALL": "C.UTF-8",
        }
        place = ["-C", directory, "-S", address, "-P", directory / "pid"]
        self._process = subprocess.Popen(
            ["speech-dispatcher", "-s", "-t", "0", *map(str, place)],
            env=self._variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends_s = time.monotonic() + PATIENCE_S
        while not address.exists():
            assert self._process.poll() is None, "speech-dispatcher ended"
            assert time.monotonic() < ends_s, "speech-dispatcher does not listen"
            time.sleep(0.02)

    def _write_programs(self, place: Path) -> None:
        """tts-say that notes what it is given, and a player that writes a file."""
        place.mkdir()
        say = f'tee -a {self._arrived} | {sys.executable} -m tts_daemon.cli.say "$@"'
        for name, line in (("tts-say", say), ("aplay", f"cat > {self._heard}")):
            program = place / name
            program.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
            program.chmod(0o755)

    @property
    def arrived(self) -> str:
        return self._arrived.read_text(encoding="utf-8")

    def say(self, text: str, language: str = "zh-CN", punctuation: str = "none") -> float:
        """Speak a text to its end; seconds of sound that were heard of it."""
        self._heard.unlink(missing_ok=True)
        command = ["spd-say", "--wait", "-o", "tts-daemon", "-l", language, "-m", punctuation]
        subprocess.run([*command, text], env=self._variables, check=True, timeout=PATIENCE_S)
        with wave.open(str(self._heard)) as file:
            sound = np.frombuffer(file.readframes(1 << 30), dtype=np.int16)
            assert np.abs(sound).max() > 100, "silence"
            return len(sound) / file.getframerate()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    daemon = DaemonProcess(tmp_path_factory.mktemp("daemon"))
    daemon.start()
    yield daemon
    daemon.close()


@pytest.fixture(params=["none", "char"])
def dispatcher(
    request: pytest.FixtureRequest, daemon: DaemonProcess, tmp_path: Path
) -> Iterator[SpeechDispatcher]:
    """As docs/integrations.md says, and as Debian delivers it."""
    need_programs("speech-dispatcher", "spd-say", install="scripts/test --strangers")
    started = SpeechDispatcher(tmp_path, daemon.socket, request.param)
    yield started
    started.close()
