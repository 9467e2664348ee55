"""Takes over the sessions of pool members that are gone, one survivor for each.

Every member keeps its state on a retained topic: `online`, `offline`, or `adopted by NODE`. Who
takes over whom follows from these alone, so that two seldom try. Where two do, because one of them
knew less, the broker decides: the session belongs to whoever connected last, and only its holder
says on the member's topic what has become of it.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable

from tts_daemon.inputs.mqtt.session import MqttConnection
from tts_daemon.inputs.mqtt.topics import PoolTopics
from tts_daemon.inputs.mqtt.values import Message, Publication, Session
from tts_daemon.settings.schema import MqttSettings

log = logging.getLogger(__name__)

ONLINE = "online"
OFFLINE = "offline"
ADOPTED_BY = "adopted by "
SETTLE_S = 0.2
"""Time in which more news of members may be under way, such as those that a new member is sent."""
RETRY_S = 10.0
"""Time before another try where a session was not ours, or not for long."""

Enqueue = Callable[[Message, MqttConnection], None]


class Adoption:
    """The session of one member that is gone, under its name, until nothing more is in it."""

    def __init__(
        self, member: str, settings: MqttSettings, topics: PoolTopics, enqueue: Enqueue
    ) -> None:
        self.member = member
        self._topics = topics
        self._enqueue = enqueue
        self._mark = Publication(topics.drained(member), uuid.uuid4().bytes)
        self._is_drained = False
        session = Session(
            client_id=topics.client_id(member),
            subscriptions=(topics.drained(member),),
            # Nothing more is dealt to it; what was dealt before still comes.
            releases=(topics.shared_requests, topics.member("+")),
            expiry_s=settings.session_expiry_s,
            receive_maximum=1,
            needs_mqtt5=True,
            once=True,
            log_level=logging.DEBUG,
        )
        self._connection = MqttConnection(settings, session, self)
        self._say(ADOPTED_BY + topics.node)
        self._connection.start()

    def connected(self, session_present: bool) -> None:
        """We are the member now; without a session there is nothing to do.

        With one, a mark is put behind what is in it: the broker deals nothing more to us by then.
        """
        self._is_drained = not session_present
        self._connection.publish(self._mark)

    def received(self, message: Message) -> None:
        """A request that the member left unanswered, or a mark: ours, or an earlier adopter's."""
        if message.topic == self._topics.requests:
            self._enqueue(message, self._connection)
            # A broker that had no room in the session for the mark has some now.
            self._connection.publish(self._mark)
            return
        self._connection.acknowledge(message)
        self._is_drained = self._is_drained or message.payload == self._mark.payload

    def step(self) -> bool:
        """Give the session up when it is empty. Returns: whether this adoption is over."""
        if self._is_drained and self._connection.is_settled:
            self._say("")
            self._connection.stop(forget_session=True)
        return self._connection.has_ended

    def close(self) -> None:
        """Leave the session as it is: when we are offline, another one goes on with it."""
        self._connection.stop()

    def _say(self, state: str) -> None:
        """By the session's own connection: not heard once the session is another's."""
        self._connection.keep(self._topics.member(self.member), state.encode())


class Adoptions:
    """Which members are gone, and which of their sessions are ours for now."""

    def __init__(
        self,
        node: str,
        adopt: Callable[[str], Adoption],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._node = node
        self._adopt = adopt
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._states = {node: ONLINE}
        self._not_before_s: dict[str, float] = {}
        self._active: dict[str, Adoption] = {}

    @property
    def are_any(self) -> bool:
        """Whether `tick` has something to do, now or soon."""
        with self._lock:
            return bool(self._active) or any(map(self._is_abandoned, self._states))

    def member_is(self, member: str, state: str) -> None:
        """News of another member; empty for one that left nothing. Safe to call from any thread."""
        with self._lock:
            if state in ("", ONLINE):
                self._not_before_s.pop(member, None)
            else:
                self._wait(member, SETTLE_S)
            self._states[member] = state
            if not state:
                del self._states[member]

    def tick(self) -> None:
        """Begin what is due and ours, go on with what was begun."""
        with self._lock:
            due = [member for member in self._states if self._is_due(member)]
        self._active |= {member: self._adopt(member) for member in due}
        for member in [member for member, adoption in self._active.items() if adoption.step()]:
            del self._active[member]
            with self._lock:
                # Drained, or another's now; the news of that may be under way.
                self._wait(member, RETRY_S)

    def close(self) -> None:
        """Leave what was begun to the others."""
        for adoption in self._active.values():
            adoption.close()

    # ---- under the lock

    def _wait(self, member: str, wait_s: float) -> None:
        until_s = self._monotonic_s() + wait_s
        self._not_before_s[member] = max(until_s, self._not_before_s.get(member, 0.0))

    def _is_due(self, member: str) -> bool:
        is_ours = member not in self._active and self._heir_of(member) == self._node
        is_time = self._monotonic_s() >= self._not_before_s.get(member, 0.0)
        return is_ours and is_time and self._is_abandoned(member)

    def _is_abandoned(self, member: str) -> bool:
        """Whether nobody cares for its session; one that was ours when we ended is abandoned."""
        state = self._states[member]
        adopter = state.removeprefix(ADOPTED_BY)
        is_cared_for = adopter != self._node and self._states.get(adopter) == ONLINE
        return state == OFFLINE or (state.startswith(ADOPTED_BY) and not is_cared_for)

    def _heir_of(self, member: str) -> str:
        """Who takes over: the next by name of those that are there, the first after the last."""
        there = [name for name, state in self._states.items() if state == ONLINE]
        return min(there, key=lambda name: (name <= member, name))
