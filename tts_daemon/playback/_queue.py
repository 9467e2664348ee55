"""What waits to be spoken: order, priorities, policies, duplicates. No threads, clocks or files.

The rules as a table for people: docs/queue.md.

Source: the names and the meaning of the priorities are those of speech-dispatcher's protocol, SSIP.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tts_daemon.clock import Clock
from tts_daemon.domain import Policy, Priority, SpeakRequest
from tts_daemon.errors import QueueFullError
from tts_daemon.playback._writing import Writing
from tts_daemon.settings.schema import QueueSettings

RANK = {priority: rank for rank, priority in enumerate(Priority)}
"""Place of each priority, 0 = spoken first."""

KEPT_IDS = 1000
"""How many ids of the past are known, so that what is delivered again is not spoken again."""
KEPT_IDS_S = 86_400.0
"""And for how long: whoever uses one id for ever is heard again on the next day."""

_FLEETING = (Priority.NOTIFICATION, Priority.PROGRESS)


@dataclass(eq=False, slots=True)
class Utterance:
    """One accepted request on its way through the player.

    Attributes:
        serial: Order of acceptance; unique, also across restarts.
        deadline_s: On the monotonic clock: too old to be spoken after this; None for never.
        started: Whether its `started` event is out (it may be spoken again from its start).
        begun: How often earlier processes began it and did not live to end it.
        writing: Its text, where that came, or comes, in pieces.
    """

    request: SpeakRequest
    serial: int
    deadline_s: float | None = None
    started: bool = False
    begun: int = 0
    writing: Writing | None = None

    @property
    def text(self) -> str:
        """What is known of its text."""
        return self.writing.text if self.writing else self.request.text

    def complete(self) -> bool:
        """Take the text over into the request, once it is whole; whether there is any now."""
        if self.writing is not None and self.writing.is_over:
            self.request = replace(self.request, text=self.writing.text)
        return bool(self.request.text)

    def again(self) -> SpeakRequest:
        """The same request once more; of its text what has come."""
        return replace(self.request, text=self.text, policy=Policy.QUEUE, key=None, ttl_s=None)

    @property
    def is_ready(self) -> bool:
        """Whether it can be begun with."""
        return self.writing is None or self.writing.is_ready

    @property
    def is_whole(self) -> bool:
        """Whether all of its text is there."""
        return self.writing is None or self.writing.is_over

    @property
    def key(self) -> str:
        """What `Policy.REPLACE` compares."""
        return self.request.key or self.request.id

    @property
    def rank(self) -> int:
        """Place of its priority, 0 = spoken first."""
        return RANK[self.request.priority]


@dataclass(frozen=True, slots=True)
class KnownId:
    """An id that was accepted before.

    Attributes:
        fingerprint: Of its request.
        accepted_s: Unix seconds.
    """

    id: str
    fingerprint: int
    accepted_s: float

    @classmethod
    def of(cls, request: SpeakRequest) -> KnownId:
        """The id of a request that is accepted now."""
        return cls(request.id, fingerprint(request), request.created_s)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the arrival of one request does.

    Attributes:
        duplicate: Its id was accepted before; nothing else happens.
        dropped: Why it is not to be spoken at all; empty when it is.
        cancelled: Waiting utterances that end, each with the reason.
        interrupts: Why the utterance being spoken ends; empty when it goes on.
        postpones: The utterance being spoken does not end but waits again.
    """

    duplicate: bool = False
    dropped: str = ""
    cancelled: tuple[tuple[Utterance, str], ...] = ()
    interrupts: str = ""
    postpones: bool = False


@dataclass(slots=True)
class SpeechQueue:
    """Utterances that wait.

    Attributes:
        limit: How many may wait; the one being spoken does not count.
        remember: How many ids of the past are known as duplicates.
    """

    limit: int = QueueSettings().limit
    remember: int = KEPT_IDS
    _waiting: list[Utterance] = field(default_factory=list)
    _known: OrderedDict[str, KnownId] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Utterance]:
        """Those that wait, the next to be spoken first."""
        return iter(self._waiting)

    def judge(self, request: SpeakRequest, speaking: Utterance | None) -> Verdict:
        """Say what the arrival of a request would do, without doing it.

        Raises:
            QueueFullError: No place, even after what the request cancels is gone.
        """
        if self._is_duplicate(request):
            return Verdict(duplicate=True)
        reason = self._why_dropped(request, speaking)
        if reason:
            return Verdict(dropped=reason)
        cancelled = tuple(
            (waiting, reason)
            for waiting in self._waiting
            if (reason := _why_cancelled(waiting, request))
        )
        if len(self._waiting) - len(cancelled) >= self.limit:
            raise QueueFullError(
                f"the queue is full: {len(self._waiting)} utterances wait (queue.limit); "
                "send it again later"
            )
        return self._with_the_spoken_one(request, speaking, cancelled)

    def add(self, utterance: Utterance, verdict: Verdict) -> int:
        """Carry out what `judge` said and take the utterance in.

        Returns:
            Its position, 0 = next; -1 when the verdict was not to take it.
        """
        if verdict.duplicate:
            return -1
        self.remember_ids([KnownId.of(utterance.request)])
        if verdict.dropped:
            return -1
        ended = {id(cancelled) for cancelled, _ in verdict.cancelled}
        self._waiting = [waiting for waiting in self._waiting if id(waiting) not in ended]
        return self.put_back(utterance)

    def put_back(self, utterance: Utterance) -> int:
        """Let an utterance wait at the place that its priority and serial give it."""
        self._waiting.append(utterance)
        self._waiting.sort(key=lambda waiting: (waiting.rank, waiting.serial))
        return self._waiting.index(utterance)

    def pop(self) -> Utterance | None:
        """Take out the next to be spoken; None when nothing waits that can be begun with."""
        utterance = next((waiting for waiting in self._waiting if waiting.is_ready), None)
        if utterance is not None:
            self._waiting.remove(utterance)
        return utterance

    def take_expired(self, now_s: float) -> list[Utterance]:
        """Take out those that are too old at `now_s` (monotonic)."""
        expired = [
            waiting
            for waiting in self._waiting
            if waiting.deadline_s is not None and waiting.deadline_s <= now_s
        ]
        self._waiting = [waiting for waiting in self._waiting if waiting not in expired]
        return expired

    def next_deadline_s(self) -> float | None:
        """When the next of those that wait becomes too old; None when none ever does."""
        deadlines = [item.deadline_s for item in self._waiting if item.deadline_s is not None]
        return min(deadlines, default=None)

    def clear(self) -> list[Utterance]:
        """Take out everything."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def remember_ids(self, ids: Iterable[KnownId]) -> None:
        """Know these ids as duplicates from now on."""
        for known in ids:
            self._known[known.id] = known
            self._known.move_to_end(known.id)
        while len(self._known) > self.remember:
            self._known.popitem(last=False)

    def _is_duplicate(self, request: SpeakRequest) -> bool:
        known = self._known.get(request.id)
        if known is None or request.created_s - known.accepted_s > KEPT_IDS_S:
            return False
        # "replace" with an id that was used before brings new words, unless it is a redelivery.
        return request.policy != Policy.REPLACE or known.fingerprint == fingerprint(request)

    def _why_dropped(self, request: SpeakRequest, speaking: Utterance | None) -> str:
        busy = [*([speaking] if speaking else []), *self._waiting]
        if request.policy == Policy.DROP_IF_BUSY and busy:
            return "busy: another utterance is being spoken or waits (drop_if_busy)"
        if request.priority == Priority.NOTIFICATION:
            others = [item for item in busy if item.request.priority != Priority.NOTIFICATION]
            if others:
                return "busy: a notification is only spoken when nothing else is"
        return ""

    def _with_the_spoken_one(
        self,
        request: SpeakRequest,
        speaking: Utterance | None,
        cancelled: tuple[tuple[Utterance, str], ...],
    ) -> Verdict:
        reason = _why_interrupted(speaking, request) if speaking else ""
        # The last progress message is guaranteed to be spoken: it waits again instead of ending.
        postpones = bool(
            reason
            and speaking
            and speaking.request.priority == Priority.PROGRESS
            and request.policy == Policy.QUEUE
            and not any(item.request.priority == Priority.PROGRESS for item in self._waiting)
        )
        return Verdict(cancelled=cancelled, interrupts=reason, postpones=postpones)


def _why_cancelled(waiting: Utterance, request: SpeakRequest) -> str:
    """Why a waiting utterance ends when `request` arrives; empty when it goes on waiting."""
    old, new = waiting.request.priority, request.priority
    if old != Priority.IMPORTANT:
        if request.policy == Policy.REPLACE and waiting.key == (request.key or request.id):
            return f"replaced by {request.id}"
        if request.policy == Policy.INTERRUPT and RANK[new] <= RANK[old]:
            return f"interrupted by {request.id}"
    if old == Priority.NOTIFICATION and new != Priority.NOTIFICATION:
        return f"a notification gives way to {request.id}"
    if old == new == Priority.PROGRESS:
        return f"newer progress in {request.id}"
    return ""


def _why_interrupted(speaking: Utterance, request: SpeakRequest) -> str:
    """Why the utterance being spoken ends when `request` arrives; empty when it goes on."""
    old, new = speaking.request.priority, request.priority
    if old == Priority.IMPORTANT:
        return ""
    if request.policy == Policy.REPLACE and speaking.key == (request.key or request.id):
        return f"replaced by {request.id}"
    if request.policy == Policy.INTERRUPT and RANK[new] <= RANK[old]:
        return f"interrupted by {request.id}"
    if new not in _FLEETING and RANK[new] < RANK[old]:
        return f"interrupted by {request.id}, which is {new}"
    return ""


def deadline_s(request: SpeakRequest, clock: Clock) -> float | None:
    """When a request that has just come becomes too old, on the monotonic clock; None for never."""
    if request.ttl_s is None:
        return None
    age_s = max(0.0, clock.wall_s() - request.created_s)
    return clock.monotonic_s() + request.ttl_s - age_s


def fingerprint(request: SpeakRequest) -> int:
    """Number that tells a redelivery from new words under an old id.

    Not hash(): Python salts that anew in every process, and the journal keeps this number.
    """
    return zlib.crc32(request.text.encode("utf-8", "surrogatepass"))
