"""WAV files that are written while they grow."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from numpy.typing import NDArray

from tts_daemon.sound.wav import WavWriter

PCM = np.arange(-100, 100, dtype=np.int16)


def _read(path: Path) -> tuple[int, NDArray[np.int16]]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_a_file_ends_with_the_right_length(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with path.open("wb") as file, WavWriter(file, 16000) as writer:
        writer.write(PCM[:50])
        writer.write(PCM[50:])
    rate, samples = _read(path)
    assert rate == 16000
    np.testing.assert_array_equal(samples, PCM)


def _break_after(file: BinaryIO, pcm: NDArray[np.int16]) -> None:
    with WavWriter(file, 8000) as writer:
        writer.write(pcm)
        raise RuntimeError


def test_what_was_said_before_an_error_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with path.open("wb") as file, pytest.raises(RuntimeError):
        _break_after(file, PCM)
    np.testing.assert_array_equal(_read(path)[1], PCM)


def test_it_may_follow_other_content() -> None:
    file = io.BytesIO(b"before")
    file.seek(0, 2)
    with WavWriter(file, 16000) as writer:
        writer.write(PCM)
    assert file.getvalue().startswith(b"beforeRIFF")
    assert file.tell() == len(file.getvalue())


def test_a_pipe_is_told_until_the_end() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb") as file, WavWriter(file, 16000) as writer:
        writer.write(PCM)
    with os.fdopen(read_end, "rb") as file:
        data = file.read()
    assert data[40:44] == b"\xff\xff\xff\xff"
    np.testing.assert_array_equal(np.frombuffer(data[44:], "<i2"), PCM)
