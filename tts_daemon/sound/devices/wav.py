"""A device that appends what would be heard to a WAV file, in real time."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tts_daemon.clock import Clock
from tts_daemon.errors import AudioUnavailableError
from tts_daemon.sound.devices.null import NullDevice

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
"""RIFF, a 16-byte format chunk, the head of the data chunk: how every plain WAV begins."""


class WavDevice:
    """One growing file, 16 bit, one channel. A stop leaves in it what was heard until then.

    Args:
        path: The file; is created where it does not exist.
        sample_rate: Of a new file; an existing one keeps its own.
        paced: False writes as fast as samples come.
        clock: Whose time it keeps.
    """

    def __init__(
        self,
        path: Path,
        sample_rate: int = 16000,
        *,
        paced: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._path = path
        self._sample_rate = sample_rate
        self._paced = paced
        self._clock = clock
        self._pace = NullDevice(sample_rate, paced=paced, clock=clock)
        self._file: BinaryIO = BytesIO()
        self._file.close()

    def open(self) -> int:
        with self._translated():
            self._file = self._open_file()
        self._pace = NullDevice(self._sample_rate, paced=self._paced, clock=self._clock)
        return self._sample_rate

    def play(self, block: NDArray[np.int16]) -> bool:
        with self._translated() as file:
            file.write(block.astype("<i2").tobytes())
            # Who follows the file hears each block when it begins.
            file.flush()
        return self._pace.play(block)

    def rest_s(self) -> float:
        return 0.0

    def finish(self) -> None:
        self._pace.finish()
        self._write_header()

    def abort(self) -> int:
        self._write_header()
        return self._pace.abort()

    def close(self) -> None:
        if not self._file.closed:
            self._write_header()
            self._file.close()

    def _open_file(self) -> BinaryIO:
        if self._path.exists() and self._path.stat().st_size > 0:
            self._sample_rate = self._existing_rate()
            file = self._path.open("r+b")
            file.seek(0, 2)
            return file
        file = self._path.open("w+b")
        file.write(self._header(0))
        return file

    def _existing_rate(self) -> int:
        with self._path.open("rb") as file:
            head = file.read(_HEADER.size)
        if len(head) == _HEADER.size:
            riff, _, wave, fmt, _, codec, channels, rate, _, _, bits, data, _ = _HEADER.unpack(head)
            plain = (riff, wave, fmt, data) == (b"RIFF", b"WAVE", b"fmt ", b"data")
            if plain and (codec, channels, bits) == (1, 1, 16):
                return int(rate)
        raise AudioUnavailableError(
            f"audio.device: {self._path} is no 16-bit mono WAV file that can be appended to; "
            "name another file"
        )

    def _write_header(self) -> None:
        """Make the file a whole WAV again: readers may look at it between two utterances."""
        with self._translated() as file:
            size = file.seek(0, 2) - _HEADER.size
            file.seek(0)
            file.write(self._header(size))
            file.seek(0, 2)
            file.flush()

    @contextmanager
    def _translated(self) -> Iterator[BinaryIO]:
        try:
            yield self._file
        except OSError as error:
            raise AudioUnavailableError(
                f"audio.device: cannot write {self._path}: {error}; name another file or make room"
            ) from error

    def _header(self, size_bytes: int) -> bytes:
        rate = self._sample_rate
        return _HEADER.pack(
            b"RIFF", 36 + size_bytes, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data",
            size_bytes,
        )  # fmt: skip
