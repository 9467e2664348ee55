"""A network between two programs on one machine: slow, lossy, cut or silent, as a test says."""

from __future__ import annotations

import contextlib
import queue
import random
import socket
import threading
import time

_SEGMENT = 1448
_RESENT_S = 0.2
"""What the loss of a segment costs at least on Linux, where no later one tells of it sooner."""


class Link:
    """Forwards connections to a port on loopback.

    Attributes:
        delay_s: Each way.
        loss: Share of segments that come late, as those do that have to be sent again.
        cut_after, stall_after: Bytes of answers from now on, after which a connection is cut, or
            nothing comes any more; None: never.
        connections, bytes_asked: Totals.
        has_ended: Set when one that asked has hung up.
    """

    def __init__(self, target_port: int, seed: int = 1) -> None:
        self._target_port = target_port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.delay_s = self.loss = 0.0
        self._answered = 0
        self._faults: dict[str, int | None] = {"cut": None, "stall": None}
        self.connections = self.bytes_asked = 0
        self.has_ended = threading.Event()
        self._random = random.Random(seed)
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cut_after(self) -> int | None:
        return self._faults["cut"]

    @cut_after.setter
    def cut_after(self, count: int | None) -> None:
        self._answered, self._faults["cut"] = 0, count

    @property
    def stall_after(self) -> int | None:
        return self._faults["stall"]

    @stall_after.setter
    def stall_after(self, count: int | None) -> None:
        self._answered, self._faults["stall"] = 0, count

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self.connections += 1
                self._open.append(client)
                self._join(client)

    def _join(self, client: socket.socket) -> None:
        try:
            target = socket.create_connection(("127.0.0.1", self._target_port))
        except OSError:
            _end(client)
            return
        self._open.append(target)
        for end in (client, target):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._carry(client, target, is_answer=False)
        self._carry(target, client, is_answer=True)

    def _carry(self, source: socket.socket, target: socket.socket, *, is_answer: bool) -> None:
        line: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._take, args=(source, line, is_answer), daemon=True).start()
        threading.Thread(target=self._give, args=(line, target), daemon=True).start()

    def _take(
        self, source: socket.socket, line: queue.SimpleQueue[tuple[float, bytes]], is_answer: bool
    ) -> None:
        due_s = 0.0
        with contextlib.suppress(OSError):
            while data := source.recv(_SEGMENT):
                late_s = _RESENT_S if self._random.random() < self.loss else 0.0
                due_s = max(due_s, time.monotonic() + self.delay_s + late_s)
                if (
                    is_answer
                    and self.stall_after is not None
                    and self._answered >= self.stall_after
                ):
                    continue
                self._answered += len(data) if is_answer else 0
                self.bytes_asked += 0 if is_answer else len(data)
                line.put((due_s, data))
                if is_answer and self.cut_after is not None and self._answered >= self.cut_after:
                    break
        if not is_answer:
            self.has_ended.set()
        line.put((due_s, b""))

    def _give(self, line: queue.SimpleQueue[tuple[float, bytes]], target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (item := line.get())[1]:
                time.sleep(max(0.0, item[0] - time.monotonic()))
                target.sendall(item[1])
        _end(target)

    def close(self) -> None:
        _end(self._server)
        self._server.close()
        for end in self._open:
            _end(end)


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
