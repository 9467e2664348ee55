"""What makes files of samples, piece by piece: samples as they are, libsndfile, ffmpeg."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from typing import IO, Any, Protocol, cast

import numpy as np
import soundfile

from tts_daemon.errors import InternalError, InvalidRequestError
from tts_daemon.inputs.messages import to_json
from tts_daemon.sound.resampling import Resampler

_AAC_BITRATE = "64k"
_FFMPEG = ("-hide_banner", "-loglevel", "error", "-nostdin")


class AudioEncoder(Protocol):
    """Takes PCM (16 bits, little-endian, one channel); gives back what may be sent already."""

    def add(self, pcm: bytes) -> bytes:
        """Take a block; what comes back may be empty."""
        ...

    def finish(self) -> bytes:
        """The end of the file."""
        ...

    def close(self) -> None:
        """Give back what is held, whether the file is whole or not."""
        ...


class Samples:
    """Samples as they are, after a head."""

    def __init__(self, head: bytes = b"") -> None:
        self._head = head

    def add(self, pcm: bytes) -> bytes:
        """The block itself."""
        head, self._head = self._head, b""
        return head + pcm

    def finish(self) -> bytes:
        """The head, where there was no block."""
        return self._head

    def close(self) -> None:
        """Nothing is held."""


class _MemoryFile:
    """A file that only is in memory: somebody appends to it, and we take what is new."""

    def __init__(self) -> None:
        self._file = open(os.memfd_create("speech"), "rb", buffering=0)  # noqa: PTH123, SIM115
        self._taken = 0

    def writer(self) -> int:
        """A descriptor of its own for the one who writes, so that either may be closed first."""
        return os.dup(self._file.fileno())

    def take(self) -> bytes:
        """What was written since the last time."""
        number = self._file.fileno()
        made = os.pread(number, os.fstat(number).st_size - self._taken, self._taken)
        self._taken += len(made)
        return made

    def close(self) -> None:
        """Give the memory back."""
        self._file.close()


class Compressed:
    """One of libsndfile's formats.

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
        self._memory = _MemoryFile()
        self._file = soundfile.SoundFile(
            self._memory.writer(), "w", sample_rate, 1, subtype, format=container, **options
        )

    def add(self, pcm: bytes) -> bytes:
        """Encode a block."""
        self._file.write(np.frombuffer(pcm, dtype="<i2"))
        return b"" if self._waits else self._memory.take()

    def finish(self) -> bytes:
        """The rest of the file."""
        self._file.close()
        return self._memory.take()

    def close(self) -> None:
        """Give the memory back."""
        self._file.close()
        self._memory.close()


class Aac:
    """AAC in frames that stand alone (ADTS), by the program ffmpeg: libsndfile has none.

    It writes into memory of ours, so that feeding it never waits for somebody to read.
    """

    def __init__(self, sample_rate: int) -> None:
        """Start the program. Raises InvalidRequestError where this machine has none."""
        program = shutil.which("ffmpeg")
        if program is None:
            raise InvalidRequestError(
                "response_format: aac needs ffmpeg on the machine that speaks"
                " (apt-get install ffmpeg); ask for mp3"
            )
        given = ("-f", "s16le", "-ar", str(sample_rate), "-ac", "1", "-i", "pipe:0")
        made = ("-c:a", "aac", "-b:a", _AAC_BITRATE, "-flush_packets", "1", "-f", "adts", "pipe:1")
        self._memory = _MemoryFile()
        writer = self._memory.writer()
        try:
            self._process = subprocess.Popen(  # noqa: S603 (all words are ours)
                [program, *_FFMPEG, *given, *made],
                stdin=subprocess.PIPE,
                stdout=writer,
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(writer)
        self._input = cast("IO[bytes]", self._process.stdin)

    def add(self, pcm: bytes) -> bytes:
        """Hand a block over. Raises InternalError where the program is gone."""
        try:
            self._input.write(pcm)
            self._input.flush()
        except OSError as error:
            raise InternalError(f"response_format: ffmpeg takes no more ({error})") from None
        return self._memory.take()

    def finish(self) -> bytes:
        """The rest of the file. Raises InternalError where the program failed."""
        self._input.close()
        if status := self._process.wait():
            raise InternalError(f"response_format: ffmpeg ended with status {status}")
        return self._memory.take()

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.wait()
        self._input.close()
        self._memory.close()


class Resampled:
    """An encoder that is given another rate than that of the blocks."""

    def __init__(self, encoder: AudioEncoder, rate_in: int, rate_out: int) -> None:
        self._encoder = encoder
        self._resampler = Resampler(rate_in, rate_out, np.int16)

    def add(self, pcm: bytes) -> bytes:
        """Encode a block at the other rate."""
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.int16)
        return self._encoder.add(self._resampler.process(samples).astype("<i2").tobytes())

    def finish(self) -> bytes:
        """The rest of the sound, and of the file."""
        rest = self._resampler.finish().astype("<i2").tobytes()
        return self._encoder.add(rest) + self._encoder.finish()

    def close(self) -> None:
        """Close the encoder."""
        self._encoder.close()


class Events:
    """The file in pieces, each in a server-sent event of OpenAI's kind."""

    def __init__(self, encoder: AudioEncoder) -> None:
        self._encoder = encoder

    def add(self, pcm: bytes) -> bytes:
        """An event with what is made of a block."""
        return self._delta(self._encoder.add(pcm))

    def finish(self) -> bytes:
        """The last piece, and the event that says so; a local voice counts no tokens."""
        usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
        done = _event({"type": "speech.audio.done", "usage": usage})
        return self._delta(self._encoder.finish()) + done

    def _delta(self, piece: bytes) -> bytes:
        if not piece:
            return b""
        audio = base64.b64encode(piece).decode()
        return _event({"type": "speech.audio.delta", "audio": audio})

    def close(self) -> None:
        """Close the encoder."""
        self._encoder.close()


def _event(message: dict[str, object]) -> bytes:
    return b"data: " + to_json(message) + b"\n\n"
