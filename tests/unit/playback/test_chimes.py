"""Sounds before the speech."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from tts_daemon.errors import InvalidRequestError
from tts_daemon.playback.chimes import Chimes


def write_wav(path: Path, channels: int = 1) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(np.full(2205 * channels, 16384, dtype="<i2").tobytes())


@pytest.mark.parametrize("name", Chimes().names)
def test_a_built_in_sound_is_short_loud_enough_and_dies_away(name: str) -> None:
    sound = Chimes().sound(name)
    assert sound.duration_s < 1.5
    assert 0.3 < np.abs(sound.samples).max() < 0.5
    assert np.abs(sound.samples[-100:]).max() < 0.1


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidRequestError, match=r"chime: .*did you mean 'dingdong'"):
        Chimes().check_name("dingdon")
    with pytest.raises(InvalidRequestError, match="known: alert"):
        Chimes().sound("xyzzy")


def test_a_file_of_the_directory_has_its_own_rate(tmp_path: Path) -> None:
    write_wav(tmp_path / "door.wav")
    chimes = Chimes(tmp_path)
    assert "door" in chimes.names
    sound = chimes.sound("door")
    assert sound.sample_rate == 22050
    assert len(sound.samples) == 2205
    assert sound.samples[0] == 0.5


def test_no_name_leads_out_of_the_directory(tmp_path: Path) -> None:
    write_wav(tmp_path / "secret.wav")
    (tmp_path / "chimes").mkdir()
    with pytest.raises(InvalidRequestError):
        Chimes(tmp_path / "chimes").sound("../secret")


def test_a_file_that_cannot_be_played_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"no wave")
    write_wav(tmp_path / "stereo.wav", channels=2)
    for name in ("broken", "stereo"):
        with pytest.raises(InvalidRequestError, match=rf"{name}\.wav"):
            Chimes(tmp_path).sound(name)


@pytest.mark.parametrize("name", Chimes().names)
def test_a_bell_rings_until_nothing_is_heard_of_it(name: str) -> None:
    sound = Chimes().sound(name)
    ends = sound.samples[-round(0.3 * sound.sample_rate) :].reshape(15, -1)
    levels = np.sqrt(np.mean(ends**2, axis=1))
    assert np.all(np.diff(levels) < 0)
    # 60 dB below its stroke.
    assert levels[-1] < np.abs(sound.samples).max() / 1000
