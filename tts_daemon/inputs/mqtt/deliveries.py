"""Which id a delivery was given, in case that the broker delivers it again."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256

from tts_daemon.inputs.mqtt.values import Message

CAPACITY = 1024
"""Deliveries remembered; a broker has far fewer unacknowledged ones under way."""


class Deliveries:
    """Ids by the broker's number for the delivery, valid within one session.

    Two messages with one text are two utterances, so the text alone cannot tell a redelivery. The
    broker's mark, its number for the packet and the same contents together can.
    """

    def __init__(self) -> None:
        self._ids: OrderedDict[int, tuple[bytes, str]] = OrderedDict()

    def forget(self) -> None:
        """A new session numbers its packets anew."""
        self._ids.clear()

    def remember(self, message: Message, request_id: str) -> None:
        """Note the id under which a message was accepted."""
        if not message.packet_id:
            return
        self._ids.pop(message.packet_id, None)
        self._ids[message.packet_id] = (_digest(message), request_id)
        if len(self._ids) > CAPACITY:
            self._ids.popitem(last=False)

    def earlier_id(self, message: Message) -> str:
        """The id under which a redelivered message was accepted before; empty when it was not."""
        digest, request_id = self._ids.get(message.packet_id, (b"", ""))
        return request_id if message.redelivered and digest == _digest(message) else ""


def _digest(message: Message) -> bytes:
    return sha256(message.topic.encode() + b"\0" + message.payload).digest()
