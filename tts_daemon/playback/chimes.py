"""Short sounds before the speech, by name: built-in ones, and WAV files of a directory."""

from __future__ import annotations

import difflib
import wave
from pathlib import Path

import numpy as np

from tts_daemon.domain import AudioChunk
from tts_daemon.errors import InvalidRequestError

_RATE = 16000
_LEVEL = 0.4
_DECAY_S = 0.25

# (begin in seconds, frequency in Hz) of each stroke
_STROKES = {
    "ding": ((0.0, 880.0),),
    "dingdong": ((0.0, 659.3), (0.35, 523.3)),
    "rise": ((0.0, 523.3), (0.15, 659.3), (0.3, 784.0)),
    "alert": ((0.0, 988.0), (0.18, 988.0), (0.36, 988.0)),
}
_RING_S = 0.8
"""How long the last stroke rings."""
_DAMP_S = 0.4
"""Over so long a time at its end it is brought to rest: left alone it would ring for seconds."""


class Chimes:
    """The sounds that a preset may name.

    Args:
        directory: Where WAV files (16 bit, one channel) lie that may be named without their suffix;
            None for none. A file wins over a built-in sound of the same name.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, in alphabetical order."""
        files = self._directory.glob("*.wav") if self._directory else ()
        return tuple(sorted({*_STROKES, *(path.stem for path in files)}))

    def check_name(self, name: str) -> None:
        """Raise InvalidRequestError for an unknown sound; names the nearest."""
        if name and name not in self.names:
            close = difflib.get_close_matches(name, self.names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(self.names)}"
            raise InvalidRequestError(f"chime: no sound is called {name!r}; {hint}")

    def sound(self, name: str) -> AudioChunk:
        """The sound itself.

        Raises:
            InvalidRequestError: Unknown name, or a file that cannot be played.
        """
        self.check_name(name)
        path = self._directory / f"{name}.wav" if self._directory else None
        if path is not None and path.exists():
            return _read(path)
        return _strike(_STROKES[name])


def _strike(strokes: tuple[tuple[float, float], ...]) -> AudioChunk:
    """Strokes on a small bell: a fundamental, its octave and a twelfth, each dying away."""
    samples = np.zeros(round((strokes[-1][0] + _RING_S) * _RATE), dtype=np.float32)
    for begin_s, hertz in strokes:
        begin = round(begin_s * _RATE)
        time = np.arange(len(samples) - begin) / _RATE
        partials = ((1, 1.0), (2, 0.4), (3, 0.15))
        bell = sum(part * np.sin(2 * np.pi * times * hertz * time) for times, part in partials)
        samples[begin:] += (bell * np.exp(-time / _DECAY_S)).astype(np.float32)
    rest = round(_DAMP_S * _RATE)
    samples[-rest:] *= np.cos(np.linspace(0, np.pi / 2, rest, dtype=np.float32)) ** 2
    return AudioChunk(samples * np.float32(_LEVEL / np.abs(samples).max()), _RATE)


def _read(path: Path) -> AudioChunk:
    try:
        with wave.open(str(path)) as file:
            form = (file.getsampwidth(), file.getnchannels())
            pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            rate = file.getframerate()
    except (OSError, EOFError, ValueError, wave.Error) as error:
        raise InvalidRequestError(f"chime: {path} cannot be read: {error}") from error
    if form != (2, 1):
        raise InvalidRequestError(f"chime: {path} is not 16 bit with one channel")
    return AudioChunk((pcm / 32768).astype(np.float32), rate)
