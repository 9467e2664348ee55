"""One client of the Unix socket, from its first byte to its last.

Plain text until the end of input is one utterance; a first byte `{` means JSON, one request a line,
one reply a line, until one opens a stream, whose text is the rest. docs/protocol.md describes every
request.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import select
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tts_daemon import __version__, checks
from tts_daemon.domain import OUTCOMES, Event, SpeakRequest
from tts_daemon.errors import InvalidRequestError, QueueFullError, TtsError
from tts_daemon.inputs import messages
from tts_daemon.inputs.socket.reader import MessageReader
from tts_daemon.inputs.socket.render import Frame, frames
from tts_daemon.ports import Command, Snapshot, SpeechService, TextStream
from tts_daemon.requests import field, name_of, request_of, stream_request_of

log = logging.getLogger(__name__)

SOURCE = "socket"
HANG_UP_CHECK_S = 0.5
"""How often a session that waits looks whether its client is still there."""
OPERATIONS = ("say", "stream", "render", "status", "volume", "speed", "preset", *Command)

Fields = dict[str, Any]


class SocketSession:
    """Reads requests from one connection and answers them."""

    def __init__(
        self,
        connection: socket.socket,
        service: SpeechService,
        timeout_s: float,
        max_bytes: int,
        *,
        may_speak: bool = True,
    ) -> None:
        """Take a connected socket; it stays the caller's to close.

        Args:
            connection: To the client.
            service: What to speak through.
            timeout_s: Time for one message.
            max_bytes: Longest message.
            may_speak: False: the place is one of those that are kept for commands.
        """
        self._connection = connection
        self._service = service
        self._timeout_s = timeout_s
        self._may_speak = may_speak
        self._reader = MessageReader(connection, timeout_s, max_bytes)

    @property
    def idle_since_s(self) -> float | None:
        """Since when the client's next message is waited for; None while one is dealt with."""
        return self._reader.idle_since_s

    def give_way(self) -> None:
        """End, if it still waits for its client. For any thread."""
        self._reader.give_way()

    def run(self) -> None:
        """Serve the client until it ends, dies, or exceeds its time."""
        try:
            self._answer(self._converse)
        except OSError as error:
            log.debug("a client of the socket is gone: %s", error)

    def _converse(self) -> None:
        first = self._reader.first_byte()
        if first == b"{":
            for line in self._reader.lines():
                asked: Fields = {}
                self._answer(partial(self._serve_line, line, asked))
                if asked.get("op") == "stream":
                    return
        else:
            self._say(messages.parse(self._reader.rest(), SOURCE), wait=False)

    def _answer(self, work: Callable[[], None]) -> None:
        """Do it; what this project raises on purpose is the client's reply."""
        try:
            work()
        except TtsError as error:
            log.info("refused a request of the socket: %s", error)
            self._service.count_refusal()
            self._send(messages.error_message(error))

    def _serve_line(self, line: bytes, asked: Fields) -> None:
        """Obey one line; `asked` is told what it asks for."""
        fields = messages.read_object(line)
        op = asked["op"] = fields.pop("op", "say")
        if op == "say":
            wait = field("wait", checks.flag, fields.pop("wait", False))
            self._say(request_of(fields, SOURCE), wait=wait)
        elif op == "stream":
            self._stream(fields)
        elif op == "render":
            self._render(request_of(fields, SOURCE))
        else:
            self._change(op, fields)
            self._send({"ok": True, "version": __version__, **self._status()})

    def _status(self) -> Fields:
        return messages.snapshot_message(self._service.snapshot())

    def _change(self, op: object, fields: Fields) -> None:
        if op == "volume":
            self._service.set_volume(_given(fields, op))
        elif op == "speed":
            self._service.set_speed(_given(fields, op))
        elif op == "preset":
            self._service.set_preset(name_of(fields, "preset") or "")
        elif field("op", lambda given: checks.choice(given, OPERATIONS), op) != "status":
            self._service.command(messages.command_of(op))

    def _check_place(self) -> None:
        if not self._may_speak:
            raise QueueFullError("too many clients are connected (socket.connections)")

    def _say(self, request: SpeakRequest, *, wait: bool) -> None:
        self._check_place()
        with self._ending_of(request) as ended:
            position = self._service.submit(request)
            reply: Fields = {"ok": True, "id": request.id, "position": position}
            # What was not taken in is told why, whether or not the client wants to wait.
            if wait or position < 0:
                reply |= messages.event_message(self._await(ended))
            self._send(reply)

    def _stream(self, fields: Fields) -> None:
        """Speak the rest of the input while it comes: one reply now, another at its end."""
        wait = field("wait", checks.flag, fields.pop("wait", False))
        request = stream_request_of(fields, SOURCE)
        self._check_place()
        with self._ending_of(request) as ended:
            stream = self._service.open(request)
            reply: Fields = {"ok": True, "id": request.id, "position": stream.position}
            if stream.position < 0:
                reply |= messages.event_message(self._await(ended))
            self._send(reply)
            if stream.position < 0:
                return
            reply = {"ok": True, "id": request.id}
            if not self._pass_on(stream) or wait:
                reply |= messages.event_message(self._await(ended))
            self._send(reply)

    def _pass_on(self, stream: TextStream) -> bool:
        """Give the player what comes; False where the utterance ends before its text."""
        decoder = messages.TextDecoder()
        try:
            for piece in self._reader.pieces(HANG_UP_CHECK_S):
                if not stream.add(decoder.decode(piece)):
                    return False
            return stream.add(decoder.decode(b"", is_last=True))
        except (OSError, TtsError) as error:
            stream.end(f"{error}; what had come was spoken")
            raise
        finally:
            stream.end()

    @contextlib.contextmanager
    def _ending_of(self, request: SpeakRequest) -> Iterator[queue.SimpleQueue[Event]]:
        """Listen for what becomes of a request."""
        ended: queue.SimpleQueue[Event] = queue.SimpleQueue()

        def listen(event: Event | Snapshot) -> None:
            if isinstance(event, Event) and event.id == request.id and event.event_type in OUTCOMES:
                ended.put(event)

        unsubscribe = self._service.subscribe(listen)
        try:
            yield ended
        finally:
            unsubscribe()

    def _await(self, ended: queue.SimpleQueue[Event]) -> Event:
        """The utterance's final event, however long it takes, while the client is there."""
        while True:
            with contextlib.suppress(queue.Empty):
                return ended.get(timeout=HANG_UP_CHECK_S)
            poll = select.poll()
            poll.register(self._connection, 0)
            # Only a closed connection, not one whose client has merely finished writing.
            if any(happened & select.POLLHUP for _, happened in poll.poll(0)):
                raise ConnectionResetError("hung up while waiting")

    def _render(self, request: SpeakRequest) -> None:
        self._check_place()
        with contextlib.closing(frames(request.id, self._service.render(request))) as made:
            for frame in made:
                self._send(frame)

    def _send(self, frame: Frame) -> None:
        self._connection.settimeout(self._timeout_s)
        if isinstance(frame, bytes):
            self._connection.sendall(_line({"bytes": len(frame)}) + frame)
        else:
            self._connection.sendall(_line(frame))


def _line(message: Fields) -> bytes:
    return messages.to_json(message) + b"\n"


def _given(fields: Fields, name: str) -> Any:
    if fields.get(name) is None:
        raise InvalidRequestError(f"{name}: is missing")
    return fields[name]
