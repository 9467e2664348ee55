"""Shakes hands with the broker as the daemon would, and parts: for the doctor."""

from __future__ import annotations

import socket

from tts_daemon.errors import BrokerError
from tts_daemon.inputs.mqtt.conversation import Conversation, Version
from tts_daemon.inputs.mqtt.outbox import Outbox
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import End, Message, Session
from tts_daemon.settings.schema import MqttSettings


def probe(settings: MqttSettings) -> Version:
    """Prove to the broker who we are, under another name than the daemon's.

    Returns:
        The version of the protocol that both speak.

    Raises:
        BrokerError: It cannot be reached, or refuses us.
    """
    handshake = _Handshake(settings)
    for version in Version:
        if handshake.succeeds(version):
            return version
        if handshake.end is not End.NO_HANDSHAKE or handshake.has_answered:
            break
    where = f"{settings.host}:{settings.port}"
    if handshake.end is End.REFUSED:
        raise BrokerError(f"{where} refuses us: {handshake.explained()}")
    raise BrokerError(f"{where}: {handshake.explained()}")


class _Handshake:
    """Listens to a conversation, and ends it as soon as it has begun."""

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._session = Session(f"tts-doctor-{Topics.of(settings).node}", expiry_s=0)
        self._conversation: Conversation | None = None
        self._accepted = False
        self.end = End.UNREACHABLE

    def succeeds(self, version: Version) -> bool:
        wake, other_end = socket.socketpair()
        with wake, other_end:
            conversation = Conversation(
                self._settings, self._session, version,
                number=1, outbox=Outbox(), listener=self, wake=wake,
            )  # fmt: skip
            self._conversation = conversation
            self.end = conversation.hold()
        return self._accepted

    @property
    def has_answered(self) -> bool:
        """Whether the broker has said anything."""
        return self._conversation is not None and self._conversation.has_answered

    def explained(self) -> str:
        """Why it did not succeed, and what to do about it."""
        return self._conversation.explained() if self._conversation else ""

    def connected(self, session_present: bool) -> None:
        self._accepted = True
        if self._conversation:
            self._conversation.part()

    def received(self, message: Message) -> None:
        """Nothing is subscribed to, so nothing comes."""
