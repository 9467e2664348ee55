"""A named pipe, and the program that reads it."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from tts_daemon.errors import AudioUnavailableError
from tts_daemon.sound.devices.pipe import PipeDevice


def test_the_reader_gets_every_sample_on_every_channel(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    device = PipeDevice(path, 16000, 2)
    assert device.open() == 16000
    samples = np.arange(20000, dtype=np.int16)
    got = b""

    def read() -> None:
        nonlocal got
        with path.open("rb") as pipe:
            got = pipe.read(4 * len(samples))

    reader = threading.Thread(target=read)
    reader.start()
    assert device.play(samples) is False
    reader.join()
    assert device.rest_s() == 0
    device.close()
    heard = np.frombuffer(got, "<i2").reshape(-1, 2)
    assert np.array_equal(heard, np.stack([samples, samples], axis=1))


def test_without_a_reader_what_is_to_be_said_waits(tmp_path: Path) -> None:
    device = PipeDevice(tmp_path / "pipe", patience_s=0.05)
    device.open()
    with pytest.raises(AudioUnavailableError, match="nobody takes the sound"):
        device.play(np.zeros(48000, np.int16))
    device.close()


def test_a_stop_takes_back_what_nobody_has_read(tmp_path: Path) -> None:
    device = PipeDevice(tmp_path / "pipe", 16000, 2)
    device.open()
    device.play(np.ones(160, np.int16))
    assert device.rest_s() == pytest.approx(0.01)
    assert device.abort() == 160
    assert device.rest_s() == 0
    device.close()


def test_what_is_no_pipe_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(AudioUnavailableError, match="is no pipe"):
        PipeDevice(path).open()
    assert path.read_text() == "mine"
