"""One clause being made elsewhere: its sound as it comes, as long as it comes in time."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

from tts_daemon.errors import RemoteVoiceError
from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.remote.connection import Connections, Head, cut

Item = TypeVar("Item")
_Line: TypeAlias = "queue.SimpleQueue[Item | RemoteVoiceError]"

_FULL_SCALE = np.float32(32767)
_SAMPLE_BYTES = 2


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the other daemon is waited for.

    Attributes:
        begin_s: For the first sound of a clause.
        stall_s: For more of it; also how late the whole of it may be against its own length.
    """

    begin_s: float
    stall_s: float


class Take:
    """Asks at once, in a thread of its own; read by one thread.

    Args:
        connections: To the other daemon.
        wanted: The clause, as a message.
        patience: How long to wait.
        clock: Seconds that only go forward.

    Attributes:
        head: What is known of the sound; only after `begin`.
    """

    head: Head

    def __init__(
        self,
        connections: Connections,
        wanted: dict[str, Any],
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connections = connections
        self._wanted = wanted
        self._patience = patience
        self._clock = clock
        self._asked_s = clock()
        self._first: bytes = b""
        self._connection = connections.connection()
        self._head: _Line[Head] = queue.SimpleQueue()
        self._sound: _Line[bytes] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._is_over = False
        threading.Thread(target=self._fetch, name="remote clause", daemon=True).start()

    def begin(self) -> None:
        """Wait for the first sound. Raises RemoteVoiceError: it did not come in time, or at all."""
        until_s = self._asked_s + self._patience.begin_s
        self.head = self._next(self._head, until_s, "is slow to begin")
        self._first = self._next(self._sound, until_s, "is slow to begin")

    def waveform(self, unheard: int = 0) -> Iterator[Floats]:
        """Yield the samples as they come, float32 [n] each, -1 to 1.

        Args:
            unheard: So many samples are only held: until they are there, whoever listens waits as
                for the first sound.

        Raises:
            RemoteVoiceError: It stopped before its end, or is too late to be listened to.
        """
        begun_s = now_s = self._clock()
        got, odd, data = 0, b"", self._first
        wanted = sum(self.head.frames) * self.head.hop_length * _SAMPLE_BYTES
        while data:
            data = odd + data
            whole = len(data) - len(data) % _SAMPLE_BYTES
            data, odd = data[:whole], data[whole:]
            got += whole
            if whole:
                yield np.frombuffer(data, "<i2").astype(np.float32) / _FULL_SCALE
            length_s = got / _SAMPLE_BYTES / self.head.sample_rate
            is_heard = got >= unheard * _SAMPLE_BYTES
            limit_s = self._patience.stall_s if is_heard else self._patience.begin_s
            now_s = self._clock()
            # Silent for so long, or so far behind a listener who began with the first sound.
            until_s = min(now_s, begun_s + length_s) + limit_s
            data = self._next(self._sound, until_s, "stalls")
        if got != wanted:
            raise RemoteVoiceError(f"stopped after {got} of {wanted} bytes of a clause")

    def close(self) -> None:
        """End it; where it has not come to its end, the other daemon stops as well."""
        with self._lock:
            if not self._is_over:
                self._is_over = True
                cut(self._connection)

    def _next(self, line: _Line[Item], until_s: float, otherwise: str) -> Item:
        try:
            item = line.get(timeout=max(0.0, until_s - self._clock()))
        except queue.Empty:
            self.close()
            raise RemoteVoiceError(otherwise) from None
        if isinstance(item, RemoteVoiceError):
            raise item
        return item

    def _fetch(self) -> None:
        try:
            answer = self._connections.ask(self._wanted, self._connection)
        except RemoteVoiceError as error:
            self._end()
            self._head.put(error)
            return
        self._head.put(answer.head)
        try:
            while data := answer.read():
                self._sound.put(data)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._end()
            self._connection.close()
            self._sound.put(RemoteVoiceError(f"was cut off: {error!r:.100}"))
        else:
            self._end()
            answer.finish()
            self._sound.put(b"")

    def _end(self) -> None:
        """From here on the connection is no longer this take's."""
        with self._lock:
            self._is_over = True
