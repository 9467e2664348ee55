"""The Unix socket door: listens, bounds the number of clients, and gives each a session."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading

from tts_daemon.errors import QueueFullError
from tts_daemon.inputs import messages
from tts_daemon.inputs.socket_address import SocketAddress
from tts_daemon.inputs.socket_session import SocketSession
from tts_daemon.ports import SpeechService
from tts_daemon.settings.schema import SocketSettings

log = logging.getLogger(__name__)

BACKLOG = 128


class UnixSocketDoor:
    """Serves the protocol of docs/protocol.md on a path, or on a socket that systemd opened."""

    name = "socket"

    def __init__(
        self,
        service: SpeechService,
        settings: SocketSettings,
        max_characters: int = messages.MAX_CHARACTERS,
        activated: socket.socket | None = None,
    ) -> None:
        """Take the service to speak through, and a listening socket where there is one already."""
        self._service = service
        self._settings = settings
        self._max_characters = max_characters
        self._activated = activated
        self._address: SocketAddress | None = None
        self._clients: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. Raises SettingsError when the path cannot be served; names path and remedy."""
        if self._activated is None:
            self._address = SocketAddress(self._settings.path, self._settings.group)
        listener = self._activated or self._address.listen(BACKLOG)  # type: ignore[union-attr]
        listener.setblocking(False)
        self._thread = threading.Thread(target=self._accept_all, args=(listener,), name="socket")
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, hang up on every client, and give the path back."""
        self._stopping.set()
        self._wake_writer.close()
        if self._thread:
            self._thread.join()
        with self._lock:
            clients = dict(self._clients)
        for connection, thread in clients.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()
        self._wake_reader.close()
        if self._address:
            self._address.release()

    def _accept_all(self, listener: socket.socket) -> None:
        poll = select.poll()
        poll.register(self._wake_reader, select.POLLIN)
        poll.register(listener, select.POLLIN)
        with listener:
            while not self._stopping.is_set():
                poll.poll()
                try:
                    connection, _ = listener.accept()
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
            is_full = len(self._clients) >= self._settings.connections
            if not is_full:
                thread = threading.Thread(target=self._serve, args=(connection,), name="client")
                self._clients[connection] = thread
                thread.start()
        if is_full:
            self._refuse(connection)

    def _serve(self, connection: socket.socket) -> None:
        session = SocketSession(
            connection, self._service, self._settings.timeout_s, self._max_characters
        )
        try:
            session.run()
        except Exception:
            log.exception("socket: a session failed")
        finally:
            with self._lock:
                self._clients.pop(connection)
            _hang_up(connection)

    def _refuse(self, connection: socket.socket) -> None:
        limit = self._settings.connections
        log.warning("socket: refused a client, %d are connected (socket.connections)", limit)
        error = QueueFullError(f"{limit} clients are connected already (socket.connections)")
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.sendall(messages.encode(messages.error_message(error)))
        _hang_up(connection)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
    connection.close()
