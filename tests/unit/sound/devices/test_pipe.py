"""A named pipe, and the program that reads it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from tts_daemon.errors import AudioUnavailableError
from tts_daemon.sound.devices.pipe import PipeDevice


def test_the_reader_gets_every_sample_on_every_channel(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    device = PipeDevice(path, 16000, 2)
    while True:
        try:
            assert device.open() == 16000
            break
        except AudioUnavailableError:
            continue  # the reader has not opened it yet
    samples = np.arange(20000, dtype=np.int16)
    device.play(samples)
    assert 0 <= device.rest_s() < 2
    device.close()
    reader.join()
    heard = np.frombuffer(got[0], "<i2").reshape(-1, 2)
    assert np.array_equal(heard, np.stack([samples, samples], axis=1))


def test_without_a_reader_what_is_to_be_said_waits(tmp_path: Path) -> None:
    device = PipeDevice(tmp_path / "pipe")
    with pytest.raises(AudioUnavailableError, match="nobody reads"):
        device.open()
    assert (tmp_path / "pipe").is_fifo()


def test_a_reader_that_goes_is_a_device_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    device = PipeDevice(path)
    device.open()
    os.close(reader)
    with pytest.raises(AudioUnavailableError, match="nobody reads"):
        device.play(np.zeros(10, np.int16))
    device.close()


def test_what_is_no_pipe_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(AudioUnavailableError, match="is no pipe"):
        PipeDevice(path).open()
    assert path.read_text() == "mine"
