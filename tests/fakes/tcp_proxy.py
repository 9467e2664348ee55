"""A TCP proxy that misbehaves on purpose: cuts, swallows, or refuses a version of MQTT."""

from __future__ import annotations

import contextlib
import socket
import threading

_CONNECT = 0x10
_REFUSED_VERSION = b"\x20\x02\x00\x01"
"""CONNACK of a broker that knows MQTT 3.1.1 only."""


def mqtt_version(first_bytes: bytes) -> int:
    """Protocol level of a CONNECT packet: 5, or 4 for MQTT 3.1.1."""
    name_at = first_bytes.index(b"MQTT")
    return first_bytes[name_at + 4]


class TcpProxy:
    """Forwards to a port on loopback.

    When `is_deaf` is set, what the broker says is lost; when `is_shut` is, nobody is let in.
    """

    def __init__(self, target_port: int, *, knows_mqtt5: bool = True) -> None:
        self._target_port = target_port
        self._knows_mqtt5 = knows_mqtt5
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._open: list[socket.socket] = []
        self.versions: list[int] = []
        self.is_deaf = threading.Event()
        self.is_shut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        first = client.recv(4096)
        if not first or self.is_shut.is_set():
            client.close()
            return
        if first[0] == _CONNECT:
            self.versions.append(mqtt_version(first))
            if self.versions[-1] == 5 and not self._knows_mqtt5:
                client.sendall(_REFUSED_VERSION)
                client.close()
                return
        broker = socket.create_connection(("127.0.0.1", self._target_port))
        broker.sendall(first)
        self._open += [client, broker]
        threading.Thread(target=_copy, args=(broker, client, self.is_deaf), daemon=True).start()
        _copy(client, broker, threading.Event())

    def cut(self) -> None:
        """End every connection at once, as a pulled cable does."""
        for end in self._open:
            _end(end)
        self._open.clear()

    def close(self) -> None:
        _end(self._server)
        self._server.close()
        self.cut()


def _copy(source: socket.socket, target: socket.socket, swallow: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if not swallow.is_set():
                target.sendall(data)
    _end(target)


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
