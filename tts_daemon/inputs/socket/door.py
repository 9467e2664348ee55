"""The Unix socket door: lets clients in, bounds their number, and gives each a session."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from dataclasses import dataclass

from tts_daemon.errors import QueueFullError
from tts_daemon.inputs import messages
from tts_daemon.inputs.admission import COMMAND_PLACES, longest_idle
from tts_daemon.inputs.socket.session import SocketSession
from tts_daemon.ports import SpeechService
from tts_daemon.requests import max_bytes
from tts_daemon.settings.schema import SocketSettings, TextSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Client:
    session: SocketSession
    thread: threading.Thread


_PARTING_S = 0.4
"""Time for the sessions to end, all together."""


class UnixSocketDoor:
    """Serves the protocol of docs/protocol.md on a socket that listens already."""

    name = "socket"

    def __init__(
        self,
        service: SpeechService,
        listener: socket.socket,
        settings: SocketSettings,
        max_characters: int = TextSettings().max_characters,
    ) -> None:
        """Take the service to speak through, and a listening socket; clients may wait in it."""
        self._service = service
        self._listener = listener
        self._settings = settings
        self._max_characters = max_characters
        self._clients: dict[socket.socket, _Client] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Let clients in."""
        self._listener.setblocking(False)
        self._thread = threading.Thread(target=self._accept_all, name="socket")
        self._thread.start()

    def stop(self) -> None:
        """Let nobody in any more, and hang up on every client. The listener stays the caller's."""
        self._stopping.set()
        self._wake_writer.close()
        if self._thread:
            self._thread.join()
        with self._lock:
            clients = dict(self._clients)
        for connection in clients:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        # One that waits for a slow disk is left behind: its request is in the journal.
        end_s = time.monotonic() + _PARTING_S
        for client in clients.values():
            client.thread.join(max(0.0, end_s - time.monotonic()))
        self._wake_reader.close()

    def _accept_all(self) -> None:
        poll = select.poll()
        poll.register(self._wake_reader, select.POLLIN)
        poll.register(self._listener, select.POLLIN)
        while not self._stopping.is_set():
            poll.poll()
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                continue
            except OSError as error:
                # Out of file descriptors: existing clients will give some back.
                log.warning("socket: a client could not be let in: %s", error)
                self._stopping.wait(0.1)
            else:
                self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        with self._lock:
            may_speak = len(self._clients) < self._settings.connections or self._evict()
            is_full = len(self._clients) >= self._settings.connections + COMMAND_PLACES
            if not is_full:
                session = self._session(connection, may_speak=may_speak)
                thread = threading.Thread(
                    target=self._serve, args=(connection, session), name="client", daemon=True
                )
                self._clients[connection] = _Client(session, thread)
                thread.start()
        if is_full:
            self._refuse(connection)

    def _session(self, connection: socket.socket, *, may_speak: bool) -> SocketSession:
        return SocketSession(
            connection,
            self._service,
            self._settings.timeout_s,
            max_bytes(self._max_characters),
            may_speak=may_speak,
        )

    def _evict(self) -> bool:
        """Take its place from the client that is waited for the longest; False: none gives way."""
        idle = longest_idle(self._clients, lambda place: self._clients[place].session.idle_since_s)
        if idle is None:
            return False
        self._clients.pop(idle).session.give_way()
        return True

    def _serve(self, connection: socket.socket, session: SocketSession) -> None:
        try:
            session.run()
        except Exception:
            log.exception("socket: a session failed")
        finally:
            with self._lock:
                self._clients.pop(connection, None)
            _hang_up(connection)

    def _refuse(self, connection: socket.socket) -> None:
        limit = self._settings.connections
        log.warning("socket: refused a client, %d are connected (socket.connections)", limit)
        self._service.count_refusal()
        error = QueueFullError(f"{limit} clients are connected already (socket.connections)")
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.sendall(messages.to_json(messages.error_message(error)) + b"\n")
        _hang_up(connection)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
    connection.close()
