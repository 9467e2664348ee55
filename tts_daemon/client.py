"""The other end of the Unix socket: what tts-say and tts-doctor use.

Light to import: no domain values and no numpy, so that a shell command starts at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from tts_daemon.errors import ConnectionRefusedByDaemonError, SettingsError
from tts_daemon.extras import start_command
from tts_daemon.settings import places

_PIECE_BYTES = 65536

Reply = dict[str, Any]


def candidates(given: str | None = None) -> Iterator[Path]:
    """Sockets to try: the one named, or the system's, the user's and the configured one."""
    named = given or os.environ.get(places.SOCKET_VARIABLE)
    if named:
        yield Path(named)
        return
    usual = (places.SYSTEM_SOCKET, places.user_socket(os.environ))
    yield from usual
    if places.SYSTEM_CONFIG.exists():
        # Only now: reading the configuration takes longer than everything else.
        from tts_daemon.settings.loader import load

        with contextlib.suppress(SettingsError):
            configured = Path(load().settings.socket.path)
            if configured not in usual:
                yield configured


class SocketClient:
    """One connection to a daemon, closed by `with`."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Connect to the first socket that answers.

        Raises:
            ConnectionRefusedByDaemonError: None does; says why and how to start a daemon.
        """
        self._connection = _connect(paths)
        self._stream = self._connection.makefile("rb")

    def __enter__(self) -> SocketClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._connection.close()

    def ask(self, **fields: Any) -> Reply:
        """Send one request and read its reply."""
        line = json.dumps(fields) + "\n"
        # A daemon that refuses the connection says so before it has read anything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._connection.sendall(line.encode())
        return self._reply()

    def render(self, **fields: Any) -> Iterator[Reply | bytes]:
        """Ask for sound: yields the head, then PCM blocks (int16, little-endian), then the tail.

        A refusal is yielded as the head or as the tail, with `ok` false.
        """
        head = self.ask(op="render", **fields)
        yield head
        while head["ok"]:
            frame = self._reply()
            if "bytes" not in frame:
                yield frame
                return
            block = self._stream.read(frame["bytes"])
            if len(block) < frame["bytes"]:
                raise _gone()
            yield block

    def stream(self, source: int, **fields: Any) -> Reply:
        """Pass on a text while it is being written; the newest reply.

        Args:
            source: File descriptor that the text comes from, until its end.
            fields: Those of the request, without the text.
        """
        piece = os.read(source, _PIECE_BYTES)
        reply = self.ask(op="stream", **fields)
        if not reply["ok"] or reply["position"] < 0:
            return reply
        # An utterance that ends before its text is told at once: whoever writes may stop, too.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while piece:
                self._connection.sendall(piece)
                if _has_news(self._connection, source):
                    break
                piece = os.read(source, _PIECE_BYTES)
            self._connection.shutdown(socket.SHUT_WR)
        return self._reply()

    def _reply(self) -> Reply:
        try:
            line = self._stream.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise _gone()
        reply: Reply = json.loads(line)
        return reply


def _has_news(connection: socket.socket, source: int) -> bool:
    """Wait for either; whether the connection has something to say."""
    ready, _, _ = select.select([source, connection.fileno()], [], [])
    return connection.fileno() in ready


def _gone() -> ConnectionRefusedByDaemonError:
    return ConnectionRefusedByDaemonError("the daemon stopped before it answered; see its log")


def _connect(paths: Iterable[Path]) -> socket.socket:
    reasons = []
    for path in paths:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except OSError as error:
            connection.close()
            reasons.append(f"{path}: {_why(error)}")
        else:
            return connection
    raise ConnectionRefusedByDaemonError(
        f"no daemon answers ({'; '.join(reasons)}); start one: {start_command()}"
    )


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "no right to use it; join its group: `sudo usermod -aG tts $USER`, then log in again"
    return error.strerror or str(error)
