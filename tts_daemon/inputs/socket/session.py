"""One client of the Unix socket, from its first byte to its last.

Plain text until the end of input is one utterance; a first byte `{` means JSON, one request a line,
one reply a line. docs/protocol.md describes every request.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import select
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from tts_daemon import __version__
from tts_daemon.domain import FINAL, Event, SpeakRequest
from tts_daemon.errors import InvalidRequestError, TtsError
from tts_daemon.inputs import messages
from tts_daemon.inputs.socket.reader import MessageReader
from tts_daemon.inputs.socket.render import Frame, frames
from tts_daemon.ports import Command, Snapshot, SpeechService
from tts_daemon.settings.presets import style_value

log = logging.getLogger(__name__)

SOURCE = "socket"
HANG_UP_CHECK_S = 0.5
"""How often a session that waits looks whether its client is still there."""
OPERATIONS = ("say", "render", "status", "volume", "speed", "preset", *Command)

Fields = dict[str, Any]


class SocketSession:
    """Reads requests from one connection and answers them."""

    def __init__(
        self,
        connection: socket.socket,
        service: SpeechService,
        timeout_s: float,
        max_characters: int,
    ) -> None:
        """Take a connected socket; it stays the caller's to close."""
        self._connection = connection
        self._service = service
        self._timeout_s = timeout_s
        self._max_characters = max_characters

    def run(self) -> None:
        """Serve the client until it ends, dies, or exceeds its time."""
        # A character takes at most 12 bytes, as a pair of JSON escapes; other fields are small.
        max_bytes = 12 * self._max_characters + 4096
        reader = MessageReader(self._connection, self._timeout_s, max_bytes)
        try:
            self._answer(partial(self._converse, reader))
        except OSError as error:
            log.debug("a client of the socket is gone: %s", error)

    def _converse(self, reader: MessageReader) -> None:
        first = reader.first_byte()
        if first == b"{":
            for line in reader.lines():
                self._answer(partial(self._serve_line, line))
        else:
            limit = self._max_characters
            self._say(messages.parse(reader.rest(), SOURCE, max_characters=limit), wait=False)

    def _answer(self, work: Callable[[], None]) -> None:
        """Do it; what this project raises on purpose is the client's reply."""
        try:
            work()
        except TtsError as error:
            log.info("refused a request of the socket: %s", error)
            self._send(messages.error_message(error))

    def _serve_line(self, line: bytes) -> None:
        fields = messages.read_object(line)
        op = fields.pop("op", "say")
        if op == "say":
            wait = fields.pop("wait", False)
            if not isinstance(wait, bool):
                raise InvalidRequestError(f"wait: {wait!r:.40} is not true or false")
            self._say(self._request(fields), wait=wait)
        elif op == "render":
            self._render(self._request(fields))
        else:
            self._change(op, fields)
            self._send({"ok": True, "version": __version__, **self._status()})

    def _request(self, fields: Fields) -> SpeakRequest:
        return messages.from_fields(fields, SOURCE, max_characters=self._max_characters)

    def _status(self) -> Fields:
        return messages.snapshot_message(self._service.snapshot())

    def _change(self, op: object, fields: Fields) -> None:
        if op == "volume":
            self._service.set_volume(_number(fields, op))
        elif op == "speed":
            self._service.set_speed(_number(fields, op))
        elif op == "preset":
            self._service.set_preset(messages.name_of(fields, "preset") or "")
        elif isinstance(op, str) and op in list(Command):
            self._service.command(Command(op))
        elif op != "status":
            raise InvalidRequestError(f"op: {op!r:.40} is none of {', '.join(OPERATIONS)}")

    def _say(self, request: SpeakRequest, *, wait: bool) -> None:
        ended: queue.SimpleQueue[Event] = queue.SimpleQueue()

        def listen(event: Event | Snapshot) -> None:
            if isinstance(event, Event) and event.id == request.id and event.event_type in FINAL:
                ended.put(event)

        unsubscribe = self._service.subscribe(listen)
        try:
            position = self._service.submit(request)
            reply: Fields = {"ok": True, "id": request.id, "position": position}
            if wait and position >= 0:
                reply |= messages.event_message(self._await(ended))
            self._send(reply)
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


def _number(fields: Fields, name: str) -> float:
    if fields.get(name) is None:
        raise InvalidRequestError(f"{name}: is missing")
    return float(style_value(name, fields[name]))
