"""A named pipe that another program plays from, such as Snapcast's server: raw PCM, 16 bits."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import stat
import struct
import termios
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import AudioUnavailableError

_HELD_S = 0.1
"""As much as the pipe holds, about."""
_PATIENCE_S = 5.0
"""A reader that takes nothing for so long is not there."""


class PipeDevice:
    """Whoever reads sets the pace.

    The pipe is held for reading, too: Snapcast's server closes a pipe that nobody writes to, and
    looks again now and then, so that a writer alone would hardly ever meet it.

    Args:
        path: The pipe; is made where it does not exist.
        sample_rate: Samples per second that the reader expects.
        channels: Channels that the reader expects; each has the same sound.
        patience_s: How long a reader may take nothing.
    """

    def __init__(
        self,
        path: Path,
        sample_rate: int = 48000,
        channels: int = 2,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._patience_s = patience_s
        self._path = path
        self._sample_rate = sample_rate
        self._channels = channels
        self._pipe: int | None = None

    def open(self) -> int:
        """Take the pipe."""
        with self._translated():
            self._make()
            self._pipe = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, round(_HELD_S * self._bytes_per_s))
        return self._sample_rate

    def play(self, block: NDArray[np.int16]) -> bool:
        left = memoryview(np.repeat(block, self._channels).astype("<i2").tobytes())
        with self._translated():
            while left:
                left = left[self._write(left) :]
        return False

    def rest_s(self) -> float:
        if self._pipe is None:
            return 0.0
        held = fcntl.ioctl(self._pipe, termios.FIONREAD, struct.pack("i", 0))
        return float(struct.unpack("i", held)[0]) / self._bytes_per_s

    def finish(self) -> None:
        """What is in the pipe is the reader's."""

    def abort(self) -> int:
        unplayed = 0
        with contextlib.suppress(OSError):
            while self._pipe is not None and (taken := os.read(self._pipe, 65536)):
                unplayed += len(taken)
        return unplayed // (2 * self._channels)

    def close(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            os.close(pipe)

    @property
    def _bytes_per_s(self) -> int:
        return 2 * self._channels * self._sample_rate

    def _make(self) -> None:
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._path, 0o660)
        if not stat.S_ISFIFO(self._path.stat().st_mode):
            raise AudioUnavailableError(
                f"audio.device: {self._path} is no pipe; remove it, or name another path"
            )

    def _write(self, data: memoryview) -> int:
        """Write as much as fits, waiting for room where there is none."""
        pipe = -1 if self._pipe is None else self._pipe
        try:
            return os.write(pipe, data)
        except BlockingIOError:
            poll = select.poll()
            poll.register(pipe, select.POLLOUT)
            if poll.poll(1000 * self._patience_s):
                return 0
            raise OSError(errno.ETIMEDOUT, "nobody takes the sound") from None

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise AudioUnavailableError(
                f"audio.device: pipe {self._path}: {error.strerror}; "
                "start what plays it, such as snapserver"
            ) from error
