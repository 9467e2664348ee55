"""Sound in the formats that a client may ask for, encoded while it is made.

wav and pcm are samples as they are; libsndfile makes the others.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import soundfile

from tts_daemon.errors import InvalidRequestError
from tts_daemon.inputs.http.outgoing_file import OutgoingFile
from tts_daemon.synthesis.wav import wav_header

_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# One bitrate throughout, since players guess the length of a stream by it: 64 kbit/s at 16 kHz.
_MP3_OPTIONS = {"bitrate_mode": "CONSTANT", "compression_level": 0.6}


class Encoder(Protocol):
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
    start: Callable[[int], Encoder]
    rates_hz: tuple[int, ...] = ()

    def encoder(self, sample_rate: int) -> Encoder:
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


class _Stream:
    """A compressed stream that leaves while it is made."""

    def __init__(self, sample_rate: int, container: str, subtype: str, **options: Any) -> None:
        self._outgoing = OutgoingFile()
        self._file = soundfile.SoundFile(
            self._outgoing, "w", sample_rate, 1, subtype, format=container, **options
        )

    def add(self, pcm: bytes) -> bytes:
        self._file.write(np.frombuffer(pcm, dtype="<i2"))
        return self._outgoing.take()

    def finish(self) -> bytes:
        self._file.close()
        return self._outgoing.take()


class _Flac:
    """FLAC in one piece: its head tells the length, and common readers refuse one that does not."""

    def __init__(self, sample_rate: int) -> None:
        self._made = io.BytesIO()
        self._file = soundfile.SoundFile(self._made, "w", sample_rate, 1, "PCM_16", format="FLAC")

    def add(self, pcm: bytes) -> bytes:
        self._file.write(np.frombuffer(pcm, dtype="<i2"))
        return b""

    def finish(self) -> bytes:
        self._file.close()
        return self._made.getvalue()


def _wav(sample_rate: int) -> Encoder:
    return _Samples(wav_header(sample_rate))


def _pcm(sample_rate: int) -> Encoder:
    return _Samples()


def _opus(sample_rate: int) -> Encoder:
    return _Stream(sample_rate, "OGG", "OPUS")


def _mp3(sample_rate: int) -> Encoder:
    return _Stream(sample_rate, "MP3", "MPEG_LAYER_III", **_MP3_OPTIONS)


WAV = Format("wav", "audio/wav", _wav)
FORMATS = {
    known.name: known
    for known in (
        WAV,
        Format("pcm", "audio/pcm;rate={rate};encoding=signed-int;bits=16", _pcm),
        Format("flac", "audio/flac", _Flac),
        Format("opus", "audio/ogg", _opus, _OPUS_RATES_HZ),
        Format("mp3", "audio/mpeg", _mp3, _MP3_RATES_HZ),
    )
}
