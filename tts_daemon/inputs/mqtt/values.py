"""What crosses the border between the MQTT connection and those who use it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

_AROUND_BYTES = 24
"""Of a publication, what is neither topic, payload nor the value of a property, at most."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the broker delivered it.

    Attributes:
        retained: It was stored at the broker before we subscribed.
        redelivered: The broker may have delivered it before.
        packet_id: The broker's number for it; stays the same when it is redelivered.
        response_topic: Where the sender waits for an answer (MQTT 5); empty for nowhere.
        correlation: What the sender wants back with the answer (MQTT 5).
        connection: Number of the connection that it came by, the only one to acknowledge it on.
    """

    topic: str
    payload: bytes
    retained: bool = False
    redelivered: bool = False
    packet_id: int = 0
    response_topic: str = ""
    correlation: bytes | None = None
    connection: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Publication:
    """One message to be sent with quality of service 1.

    Attributes:
        correlation: Copied from the message that this one answers.
        content_type: Media type of the payload (MQTT 5); empty to leave it out.
        fleeting: Not sent again where the connection breaks before the broker has confirmed it.
    """

    topic: str
    payload: bytes
    retain: bool = False
    correlation: bytes | None = None
    content_type: str = ""
    fleeting: bool = False

    @property
    def packet_bytes(self) -> int:
        """Size of the packet that carries it, or a little more (MQTT 5)."""
        properties = len(self.correlation or b"") + len(self.content_type.encode())
        return len(self.topic.encode()) + len(self.payload) + properties + _AROUND_BYTES


@dataclass(frozen=True, slots=True)
class Session:
    """What a connection is to the broker.

    Attributes:
        client_id: Name of the session; the broker keeps it and its messages over a reconnect.
        subscriptions: Topic filters whose messages the broker keeps until they are acknowledged.
        releases: Topic filters of an earlier life of the session that are given up.
        will_topic: Topic on which the broker says (retained) that we are gone.
        will_payload: What it says there.
        will_delay_s: Time that we have to come back before it says so (MQTT 5).
        expiry_s: Time for which the broker keeps messages for us while we are away (MQTT 5).
        receive_maximum: Messages that we take before we acknowledge one (MQTT 5).
        needs_mqtt5: Whether MQTT 3.1.1 is of no use.
    """

    client_id: str
    subscriptions: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    will_topic: str = ""
    will_payload: bytes = b"offline"
    will_delay_s: int = 0
    expiry_s: int = 3600
    receive_maximum: int = 100
    needs_mqtt5: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """Waiting times between attempts, in seconds; each longer wait is twice the one before."""

    first_s: float = 1.0
    longest_s: float = 60.0
    refused_s: float = 60.0

    def delay_s(self, failures: int, refused: bool) -> float:
        """Time to wait after so many failures in a row; nodes that failed together spread out."""
        longer_s = min(self.first_s * 2 ** min(failures - 1, 16), self.longest_s)
        wait_s = self.refused_s if refused else longer_s
        return wait_s * random.uniform(0.8, 1.0)  # noqa: S311


class ConnectionListener(Protocol):
    """Whom a connection tells; every call is on the connection's thread."""

    def connected(self, session_present: bool) -> None:
        """The broker has accepted us; subscriptions are on their way."""
        ...

    def received(self, message: Message) -> None:
        """A message came; it comes again after a reconnect unless it is acknowledged."""
        ...


class End(Enum):
    """How an attempt to be connected ended."""

    UNREACHABLE = auto()
    NO_HANDSHAKE = auto()
    REFUSED = auto()
    TAKEN_OVER = auto()
    LOST = auto()
