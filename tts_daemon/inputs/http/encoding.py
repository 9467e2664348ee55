"""Formats of sound that a client may ask for, by OpenAI's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tts_daemon.inputs.http.encoders import (
    Aac,
    AudioEncoder,
    Compressed,
    Events,
    Resampled,
    Samples,
)
from tts_daemon.sound.wav import wav_header

_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_MPEG_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# Their clients play raw samples at this rate, whatever a header says.
_OPENAI_PCM_HZ = 24000


@dataclass(frozen=True, slots=True)
class Format:
    """A format by OpenAI's name.

    Attributes:
        name: As a request names it.
        media_type: Value of `Content-Type`; `{rate}` stands for samples per second.
        start: Makes an encoder for a rate in Hz.
        rates_hz: Rates that it can hold, rising; empty for any.
    """

    name: str
    media_type: str
    start: Callable[[int], AudioEncoder]
    rates_hz: tuple[int, ...] = ()

    def encoder(self, sample_rate: int) -> AudioEncoder:
        """Begin a file for blocks of `sample_rate`. Raises InvalidRequestError if it cannot be."""
        held = self._held(sample_rate)
        encoder = self.start(held)
        return encoder if held == sample_rate else Resampled(encoder, sample_rate, held)

    def content_type(self, sample_rate: int) -> str:
        """What to call a file that is made of blocks of `sample_rate`."""
        return self.media_type.format(rate=self._held(sample_rate))

    def _held(self, sample_rate: int) -> int:
        """The nearest rate that loses nothing, or else the highest there is."""
        if not self.rates_hz:
            return sample_rate
        return next((rate for rate in self.rates_hz if rate >= sample_rate), self.rates_hz[-1])


def as_events(form: Format) -> Format:
    """The same format, sent as server-sent events."""
    return replace(
        form, media_type="text/event-stream", start=lambda rate: Events(form.start(rate))
    )


def _wav(sample_rate: int) -> AudioEncoder:
    return Samples(wav_header(sample_rate))


def _pcm(sample_rate: int) -> AudioEncoder:
    return Samples()


def _flac(sample_rate: int) -> AudioEncoder:
    # Its head tells the length, and common readers refuse one that does not.
    return Compressed(sample_rate, "FLAC", "PCM_16", waits=True)


def _opus(sample_rate: int) -> AudioEncoder:
    return Compressed(sample_rate, "OGG", "OPUS")


def _mp3(sample_rate: int) -> AudioEncoder:
    # One bitrate throughout, since players guess the length of a stream by it: 64 kbit/s at 16 kHz.
    constant: dict[str, Any] = {"bitrate_mode": "CONSTANT", "compression_level": 0.6}
    return Compressed(sample_rate, "MP3", "MPEG_LAYER_III", **constant)


WAV = Format("wav", "audio/wav", _wav)
PCM = Format("pcm", "audio/pcm;rate={rate};encoding=signed-int;bits=16", _pcm, (_OPENAI_PCM_HZ,))
MP3 = Format("mp3", "audio/mpeg", _mp3, _MPEG_RATES_HZ)
FORMATS = {
    known.name: known
    for known in (
        MP3,
        WAV,
        PCM,
        Format("flac", "audio/flac", _flac),
        Format("opus", "audio/ogg", _opus, _OPUS_RATES_HZ),
        Format("aac", "audio/aac", Aac, _MPEG_RATES_HZ),
    )
}
