"""Writes a WAV file while its length is not known yet, to a file or into a pipe."""

from __future__ import annotations

import struct
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_HEADER_BYTES = 44
_UNKNOWN = 0xFFFFFFFF
"""What players take for: until the stream ends."""
_BYTES_PER_SAMPLE = 2


def wav_header(sample_rate: int, data_bytes: int | None = None) -> bytes:
    """Header of 16-bit PCM, one channel; `data_bytes` None where the length is not known."""
    size = _UNKNOWN if data_bytes is None else data_bytes + _HEADER_BYTES - 8
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", size, b"WAVE",
        b"fmt ", 16, 1, 1, sample_rate, sample_rate * _BYTES_PER_SAMPLE, _BYTES_PER_SAMPLE, 16,
        b"data", _UNKNOWN if data_bytes is None else data_bytes,
    )  # fmt: skip


class WavWriter:
    """Writes the header at once and corrects it at the end, where the file allows that."""

    def __init__(self, file: BinaryIO, sample_rate: int) -> None:
        """Write the header; the file stays the caller's."""
        self._file = file
        self._sample_rate = sample_rate
        self._data_bytes = 0
        file.write(wav_header(sample_rate))

    def write(self, pcm: NDArray[np.int16]) -> None:
        """Append samples, int16 [N]."""
        data = pcm.astype("<i2", copy=False).tobytes()
        self._file.write(data)
        self._data_bytes += len(data)

    def finish(self) -> None:
        """Correct the header; a pipe keeps the one that says `until the end`."""
        if self._file.seekable():
            self._file.seek(-_HEADER_BYTES - self._data_bytes, 1)
            self._file.write(wav_header(self._sample_rate, self._data_bytes))
            self._file.seek(self._data_bytes, 1)
        self._file.flush()

    def __enter__(self) -> WavWriter:
        """Nothing to do: the header is written."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish, also after an error: what was said so far can be played."""
        self.finish()
