"""The module for speech-dispatcher, with Debian's speech-dispatcher and spd-say."""

from __future__ import annotations

import os
import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from doors.containerfile import Image
from doors.room import CHECKOUT

# What ALSA plays goes into a file, at once.
ALSA = 'pcm.!default { type file slave.pcm "null" file "/tmp/heard.wav" format wav }\n'
SPEECHD = """
AudioOutputMethod "alsa"
AudioALSADevice "null"
AddModule "tts-daemon" "sd_generic" "tts-daemon.conf"
LanguageDefaultModule "zh-CN" "tts-daemon"
SymbolsPreproc "none"
"""
TEXT = "今天天气很好，我们去公园玩吧。"
# Says that it plays, and plays until it is killed.
ENDLESS_PLAYER = """#!/bin/sh
exec 3> /tmp/playing
echo begun >&3
exec tail -f /dev/null
"""


@pytest.fixture(scope="module")
def heard(image: Image, container: subprocess.Popen[str]) -> Path:
    """speech-dispatcher set up as docs/integrations.md says; the file in which speech lands."""
    etc = image.room.root / "etc"
    (etc / "asound.conf").write_text(ALSA, encoding="utf-8")
    module = etc / "speech-dispatcher/modules/tts-daemon.conf"
    shutil.copy(CHECKOUT / "config/examples/speech-dispatcher.conf", module)
    with (etc / "speech-dispatcher/speechd.conf").open("a", encoding="utf-8") as settings:
        settings.write(SPEECHD)
    return image.room.root / "tmp/heard.wav"


def length_s(path: Path) -> float:
    """Length of what was heard; the file's head may not know it."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(1 << 24), dtype=np.int16)
        assert np.abs(samples).max() > 1000, "silence"
        return len(samples) / file.getnchannels() / file.getframerate()


def spd_say(image: Image, *options: str) -> None:
    image.run(f"XDG_RUNTIME_DIR=/tmp HOME=/tmp spd-say -o tts-daemon -l zh-CN {' '.join(options)}")


@pytest.mark.timeout(900)
def test_spd_say_is_spoken_by_the_daemon(image: Image, heard: Path) -> None:
    spd_say(image, "--wait", TEXT)
    usual_s = length_s(heard)
    assert 2 < usual_s < 6
    heard.unlink()
    spd_say(image, "--wait", "-r", "100", TEXT)
    assert length_s(heard) < 0.85 * usual_s


@pytest.mark.timeout(900)
def test_stop_is_silent_at_once(image: Image, heard: Path) -> None:
    player = image.room.root / "usr/local/bin/aplay"
    player.write_text(ENDLESS_PLAYER, encoding="utf-8")
    player.chmod(0o755)
    os.mkfifo(image.room.root / "tmp/playing", 0o666)
    (image.room.root / "tmp/playing").chmod(0o666)
    spd_say(image, TEXT)
    with (image.room.root / "tmp/playing").open(encoding="utf-8") as playing:
        assert playing.readline() == "begun\n"
        spd_say(image, "-S")
        assert playing.read() == "", "the player goes on"
    player.unlink()
