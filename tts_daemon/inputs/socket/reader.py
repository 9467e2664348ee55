"""Messages out of one connection, each bounded in bytes and in time."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

from tts_daemon.errors import InvalidRequestError, QueueFullError, TooLongError

_QUIET_S = 0.2
"""A client that is refused and writes nothing for so long has written all that it wanted."""


class MessageReader:
    """Reads what one client sends.

    Every message has `timeout_s` from the moment it is waited for, however slowly it trickles in.

    Attributes:
        idle_since_s: Since when a whole message is waited for, on the monotonic clock; None while
            one is dealt with.
    """

    def __init__(self, connection: socket.socket, timeout_s: float, max_bytes: int) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._received = b""
        self._has_given_way = False
        self.idle_since_s: float | None = time.monotonic()

    def give_way(self) -> None:
        """Wait no longer: whoever reads gets QueueFullError. For any thread."""
        self._has_given_way = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RD)

    def first_byte(self) -> bytes:
        """Look at the first byte without taking it; empty when the client sends nothing."""
        self._receive(self._deadline_s())
        return self._received[:1]

    def rest(self) -> bytes:
        """Everything up to the end of input. Raises InvalidRequestError when it does not come."""
        deadline_s = self._deadline_s()
        while self._receive(deadline_s):
            pass
        self.idle_since_s = None
        return self._received

    def lines(self) -> Iterator[bytes]:
        """Lines that are not blank; the last one may lack its end.

        Raises:
            TooLongError: A line is too long.
            InvalidRequestError: Its end does not come.
        """
        is_open = True
        while is_open:
            deadline_s = self._deadline_s()
            while b"\n" not in self._received and is_open:
                is_open = self._receive(deadline_s)
            line, _, self._received = self._received.partition(b"\n")
            if line.strip():
                self.idle_since_s = None
                yield line
                self.idle_since_s = time.monotonic()

    def pieces(self, look_s: float) -> Iterator[bytes]:
        """What comes until the end of input, as it comes; empty when nothing did for `look_s`."""
        yield self._received
        self._received = b""
        self._connection.settimeout(look_s)
        while True:
            try:
                block = self._connection.recv(65536)
            except TimeoutError:
                yield b""
                continue
            if not block:
                return
            yield block

    def _deadline_s(self) -> float:
        return time.monotonic() + self._timeout_s

    def _receive(self, deadline_s: float) -> bool:
        """Take what has come; False at the end of input, or of a silent client's time."""
        self._connection.settimeout(max(deadline_s - time.monotonic(), 0.001))
        try:
            block = self._connection.recv(65536)
        except TimeoutError:
            if not self._received:
                return False
            raise InvalidRequestError(
                f"message: its end did not come within {self._timeout_s:g} s (socket.timeout_s)"
            ) from None
        if self._has_given_way:
            raise QueueFullError("waited in vain, and gave way to another (socket.connections)")
        self._received += block
        if len(self._received) > self._max_bytes:
            self._discard_the_rest(deadline_s)
            raise TooLongError(f"message: longer than {self._max_bytes} bytes")
        return bool(block)

    def _discard_the_rest(self, deadline_s: float) -> None:
        # A client that is still writing would meet a broken connection before it reads the refusal;
        # one that has fallen silent waits for it.
        with contextlib.suppress(TimeoutError):
            while (left_s := deadline_s - time.monotonic()) > 0:
                self._connection.settimeout(min(left_s, _QUIET_S))
                if not self._connection.recv(65536):
                    return
