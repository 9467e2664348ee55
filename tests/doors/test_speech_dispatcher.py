"""The module for speech-dispatcher, with Debian's speech-dispatcher and spd-say."""

from __future__ import annotations

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
AddModule "tts-daemon" "sd_generic" "tts-daemon.conf"
LanguageDefaultModule "zh" "tts-daemon"
"""


@pytest.fixture
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


@pytest.mark.timeout(900)
def test_spd_say_is_spoken_by_the_daemon(image: Image, heard: Path) -> None:
    variables = "XDG_RUNTIME_DIR=/tmp HOME=/tmp"
    image.run(f"{variables} spd-say --wait -o tts-daemon -l zh '今天天气很好，我们去公园玩吧。'")
    usual_s = length_s(heard)
    assert 2 < usual_s < 6
    heard.unlink()
    image.run(
        f"{variables} spd-say --wait -o tts-daemon -l zh -r 100 '今天天气很好，我们去公园玩吧。'"
    )
    assert length_s(heard) < 0.85 * usual_s
