"""Sound in the formats that a client may ask for, encoded while it is made.

wav and pcm are samples as they are; libsndfile makes the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import soundfile

from tts_daemon.errors import InvalidRequestError
from tts_daemon.sound.wav import wav_header

_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# One bitrate throughout, since players guess the length of a stream by it: 64 kbit/s at 16 kHz.
_MP3_OPTIONS: dict[str, Any] = {"bitrate_mode": "CONSTANT", "compression_level": 0.6}


class AudioEncoder(Protocol):
    """Takes PCM (16 bits, little-endian, one channel); gives back what may be sent already."""

    def add(self, pcm: bytes) -> bytes:
        """Take a block; what comes back may be empty."""
        ...

    def finish(self) -> bytes:
        """The end of the file."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A format by OpenAI's name.

    Attributes:
        name: As a request names it.
        media_type: Value of `Content-Type`; `{rate}` stands for samples per second.
        start: Makes an encoder for a rate in Hz.
        rates_hz: Rates that it can hold; empty for any.
    """

    name: str
    media_type: str
    start: Callable[[int], AudioEncoder]
    rates_hz: tuple[int, ...] = ()

    def encoder(self, sample_rate: int) -> AudioEncoder:
        """Begin a file. Raises InvalidRequestError where it cannot hold this rate."""
        if self.rates_hz and sample_rate not in self.rates_hz:
            raise InvalidRequestError(
                f"response_format: {self.name} cannot hold {sample_rate} Hz, the rate of this"
                " voice; ask for wav or flac"
            )
        return self.start(sample_rate)


class _Samples:
    """Samples as they are, after a head."""

    def __init__(self, head: bytes = b"") -> None:
        self._head = head

    def add(self, pcm: bytes) -> bytes:
        head, self._head = self._head, b""
        return head + pcm

    def finish(self) -> bytes:
        return self._head


class _Compressed:
    """One of libsndfile's formats, written to a file that only is in memory.

    The library could call us back with what it writes, but for that it makes code at run time,
    which the service forbids (MemoryDenyWriteExecute=). When it ends it corrects lengths in the
    head; a client that has the head already was told that they are not known.

    Args:
        sample_rate: Samples per second.
        container, subtype: Names of libsndfile.
        waits: Whether nothing is given back before the end.
        options: More for libsndfile.
    """

    def __init__(
        self, sample_rate: int, container: str, subtype: str, *, waits: bool = False, **options: Any
    ) -> None:
        self._waits = waits
        self._taken = 0
        self._memory = open(os.memfd_create("speech"), "rb", buffering=0)  # noqa: PTH123, SIM115
        # A descriptor of its own, so that either may be closed first.
        own = os.dup(self._memory.fileno())
        self._file = soundfile.SoundFile(
            own, "w", sample_rate, 1, subtype, format=container, **options
        )

    def add(self, pcm: bytes) -> bytes:
        self._file.write(np.frombuffer(pcm, dtype="<i2"))
        return b"" if self._waits else self._take()

    def finish(self) -> bytes:
        self._file.close()
        return self._take()

    def _take(self) -> bytes:
        number = self._memory.fileno()
        made = os.pread(number, os.fstat(number).st_size - self._taken, self._taken)
        self._taken += len(made)
        return made


def _wav(sample_rate: int) -> AudioEncoder:
    return _Samples(wav_header(sample_rate))


def _pcm(sample_rate: int) -> AudioEncoder:
    return _Samples()


def _flac(sample_rate: int) -> AudioEncoder:
    # Its head tells the length, and common readers refuse one that does not.
    return _Compressed(sample_rate, "FLAC", "PCM_16", waits=True)


def _opus(sample_rate: int) -> AudioEncoder:
    return _Compressed(sample_rate, "OGG", "OPUS")


def _mp3(sample_rate: int) -> AudioEncoder:
    return _Compressed(sample_rate, "MP3", "MPEG_LAYER_III", **_MP3_OPTIONS)


WAV = Format("wav", "audio/wav", _wav)
FORMATS = {
    known.name: known
    for known in (
        WAV,
        Format("pcm", "audio/pcm;rate={rate};encoding=signed-int;bits=16", _pcm),
        Format("flac", "audio/flac", _flac),
        Format("opus", "audio/ogg", _opus, _OPUS_RATES_HZ),
        Format("mp3", "audio/mpeg", _mp3, _MP3_RATES_HZ),
    )
}
