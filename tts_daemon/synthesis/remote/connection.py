"""Connections to the other daemon's HTTP door, kept open between clauses: the one place that asks.

The standard library's client: nothing to install, 8 ms to import where it is used at all, no
redirects, no proxies out of the environment. It goes where the configuration says and nowhere else.
"""

from __future__ import annotations

import http
import http.client
import json
import socket
import ssl
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tts_daemon.errors import RemoteVoiceError, SettingsError
from tts_daemon.settings.schema import RemoteSettings
from tts_daemon.synthesis.remote import message

_MOST_IDLE = 4
"""Connections that are kept for the next clause."""
_STALE = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)
"""What a connection says that the other end has closed while nobody used it."""


class ClauseRefusedError(RemoteVoiceError):
    """The other daemon is there, but does not make this clause."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is known before the first sample; as in `ClauseSound`."""

    fingerprint: str
    sample_rate: int
    hop_length: int
    frames: tuple[int, ...]


class Answer:
    """An answer on its way, for one thread.

    Args:
        connections: Where the connection goes back to.
        connection: With the answer's head read.
        response: Its body.
    """

    def __init__(
        self,
        connections: Connections,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
    ) -> None:
        self.head = _head(response)
        self._connections = connections
        self._connection = connection
        self._response = response

    def read(self) -> bytes:
        """What has come; empty at the end."""
        return self._response.read1(65536)

    def finish(self) -> None:
        """The body was read to its end: the connection may serve again."""
        self._connections.give_back(self._connection)


class Connections:
    """Owns the connections to one daemon. For any thread.

    Args:
        settings: Section `synthesis.remote`, with a url.
        timeout_s: Longest silence on the wire.
    """

    def __init__(self, settings: RemoteSettings, timeout_s: float) -> None:
        parts = urlsplit(settings.url or "")
        self._host, self._port = parts.hostname or "", parts.port
        self._path = parts.path.rstrip("/") + message.PATH
        self._timeout_s = timeout_s
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if settings.token:
            self._headers["Authorization"] = f"Bearer {settings.token}"
        self._tls = _tls(settings) if parts.scheme == "https" else None
        self._idle: deque[http.client.HTTPConnection] = deque(maxlen=_MOST_IDLE)
        self._lock = threading.Lock()

    def connection(self, *, fresh: bool = False) -> http.client.HTTPConnection:
        """One that is free, or a new one, which is not connected yet."""
        with self._lock:
            if self._idle and not fresh:
                return self._idle.pop()
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout_s, context=self._tls
        )

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        """It may serve again."""
        with self._lock:
            if len(self._idle) < _MOST_IDLE and connection.sock is not None:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close those that nobody uses."""
        with self._lock:
            idle, self._idle = list(self._idle), deque(maxlen=_MOST_IDLE)
        for connection in idle:
            connection.close()

    def ask(self, wanted: dict[str, Any], connection: http.client.HTTPConnection) -> Answer:
        """Send a clause and wait for the head of the answer.

        Raises:
            ClauseRefusedError: Not this clause.
            RemoteVoiceError: The daemon is not there, or does not speak for us.
        """
        body = json.dumps(wanted).encode()
        was_open = connection.sock is not None
        try:
            try:
                response = self._send(connection, body)
            except _STALE:
                if not was_open:
                    raise
                # Closed by the other end while it was idle; nothing was asked of anybody yet.
                connection.close()
                response = self._send(connection, body)
            if response.status != http.HTTPStatus.OK:
                raise _refusal(response)
            return Answer(self, connection, response)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise RemoteVoiceError(_words(error)) from None
        except RemoteVoiceError:
            connection.close()
            raise

    def _send(
        self, connection: http.client.HTTPConnection, body: bytes
    ) -> http.client.HTTPResponse:
        connection.request("POST", self._path, body, self._headers)
        return connection.getresponse()


def cut(connection: http.client.HTTPConnection) -> None:
    """End whatever waits on a connection, in any thread."""
    open_socket = connection.sock
    if open_socket is not None:
        try:
            open_socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has ended already


def _tls(settings: RemoteSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:
        raise SettingsError(
            f"synthesis.remote.ca_file: {settings.ca_file} cannot be read: {error}"
        ) from None


def _head(response: http.client.HTTPResponse) -> Head:
    """Raises ValueError for an answer that is not one of ours."""
    try:
        kind = response.headers["Content-Type"]
        rate = next(part[5:] for part in kind.split(";") if part.strip().startswith("rate="))
        frames = tuple(int(count) for count in response.headers[message.FRAMES].split(","))
        hop_length = int(response.headers[message.HOP_LENGTH])
        head = Head(response.headers[message.FINGERPRINT], int(rate), hop_length, frames)
    except (TypeError, AttributeError, StopIteration, ValueError):
        raise ValueError("answers, but not as a tts-daemon does") from None
    if not (8000 <= head.sample_rate <= 96000 and hop_length > 0 and min(frames) >= 0):
        raise ValueError("answers with a sound that cannot be played")
    return head


def _refusal(response: http.client.HTTPResponse) -> RemoteVoiceError:
    """Why there is no sound; of the status, whether it is about this clause or about us."""
    try:
        told = str(json.loads(response.read(4096))["message"])
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        told = f"{response.status} {response.reason}"
    if response.status in (400, 413, 429):
        return ClauseRefusedError(told)
    if response.status in (404, 405):
        told = "knows no /api/clause: an older tts-daemon, or something else"
    return RemoteVoiceError(told)


def _words(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, TimeoutError):
        return "does not answer"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); synthesis.remote.ca_file"
    if isinstance(error, socket.gaierror):
        return f"its name is not known ({error.strerror})"
    return str(error) or type(error).__name__
