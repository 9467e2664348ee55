"""Takes over the sessions of pool members that are gone."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from tts_daemon.inputs.mqtt_connection import MqttConnection
from tts_daemon.inputs.mqtt_topics import PoolTopics
from tts_daemon.inputs.mqtt_values import End, Message, Session
from tts_daemon.settings.schema import MqttSettings

log = logging.getLogger(__name__)

QUIET_S = 1.0
"""Time without a request after which a session that was taken over counts as empty."""
HESITATION_S = (0.1, 1.0)
"""A random wait in these bounds lets one member be the first to take over."""

Enqueue = Callable[[Message, MqttConnection], None]


class Adoption:
    """The session of one member that is gone, under its name, until nothing more is in it."""

    def __init__(
        self, member: str, settings: MqttSettings, topics: PoolTopics, enqueue: Enqueue
    ) -> None:
        self.member = member
        self.is_drained = False
        self._enqueue = enqueue
        self._is_session_gone = False
        session = Session(
            client_id=topics.client_id(member),
            # Nothing more is dealt to it; what was dealt before still comes.
            releases=(topics.shared_requests,),
            will_topic=topics.member(member),
            expiry_s=settings.session_expiry_s,
            receive_maximum=1,
            needs_mqtt5=True,
            once=True,
            log_level=logging.DEBUG,
        )
        self._connection = MqttConnection(settings, session, self)
        self._connection.start()

    def connected(self, session_present: bool) -> None:
        """We are the member now; without a session there is nothing to do."""
        self._is_session_gone = not session_present

    def received(self, message: Message) -> None:
        """A request that the member left unanswered."""
        self._enqueue(message, self._connection)

    def step(self) -> bool:
        """Give the session up when it is empty. Returns: whether this adoption is over."""
        if self._connection.has_ended:
            return True
        if self._is_session_gone or self._connection.quiet_s >= QUIET_S:
            self.is_drained = True
            self._connection.stop(forget_session=True)
        return self.is_drained

    @property
    def is_returned(self) -> bool:
        """Whether the member, or another one in its name, has taken the session back."""
        return self._connection.has_ended and self._connection.end is End.TAKEN_OVER

    def close(self) -> None:
        """Leave the session as it is."""
        self._connection.stop()


class Adoptions:
    """Which members are gone, and which of their sessions are ours for now."""

    def __init__(self, adopt: Callable[[str], Adoption]) -> None:
        self._adopt = adopt
        self._lock = threading.Lock()
        self._due_s: dict[str, float] = {}
        self._active: list[Adoption] = []

    @property
    def are_any(self) -> bool:
        """Whether `tick` has something to do."""
        return bool(self._due_s or self._active)

    def member_is(self, member: str, state: bytes) -> None:
        """News of another member. Safe to call from any thread."""
        with self._lock:
            if state == b"offline":
                wait_s = random.uniform(*HESITATION_S)  # noqa: S311
                self._due_s[member] = time.monotonic() + wait_s
            else:
                self._due_s.pop(member, None)

    def tick(self) -> list[Adoption]:
        """Begin what is due. Returns: adoptions that are over and were not taken back."""
        now_s = time.monotonic()
        with self._lock:
            due = [member for member, due_s in self._due_s.items() if due_s <= now_s]
            for member in due:
                del self._due_s[member]
        self._active += [self._adopt(member) for member in due]
        over = [adoption for adoption in self._active if adoption.step()]
        self._active = [adoption for adoption in self._active if adoption not in over]
        return [adoption for adoption in over if not adoption.is_returned]

    def close(self) -> list[Adoption]:
        """End all. Returns: those that others should go on with."""
        for adoption in self._active:
            adoption.close()
        return [adoption for adoption in self._active if not adoption.is_returned]
