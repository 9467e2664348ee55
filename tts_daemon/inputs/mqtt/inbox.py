"""What came from the broker and is not obeyed yet: bounded, whatever the broker was asked for."""

from __future__ import annotations

from collections import deque

from tts_daemon.inputs.mqtt.values import Message

MOST_MESSAGES = 500
MOST_BYTES = 2 * 1024 * 1024
"""More is not read from the connection. Mosquitto 2.0.11 forgets the `receive maximum` that we ask
for as soon as it has one acknowledgement, and sends all that it has."""


class Inbox:
    """Messages in the order in which they came. For the connection's own thread."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether nothing more is to be read."""
        return len(self._waiting) >= MOST_MESSAGES or self._bytes >= MOST_BYTES

    def put(self, message: Message) -> None:
        """Take one that was read."""
        self._waiting.append(message)
        self._bytes += len(message.payload)

    def take(self) -> Message:
        """The oldest."""
        message = self._waiting.popleft()
        self._bytes -= len(message.payload)
        return message
