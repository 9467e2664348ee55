"""What is still to be sent to the broker, in which order, over any number of connections."""

from __future__ import annotations

import logging
import threading
from collections import deque

from tts_daemon.inputs.mqtt.values import Publication

log = logging.getLogger(__name__)

CAPACITY = 1000
"""Messages kept while there is no broker; the oldest make room."""


class Outbox:
    """Messages, each sent once and in order, and kept values, of which only the newest counts.

    `put` and `keep` may be called from any thread; the rest belongs to the connection's own.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._waiting: deque[Publication] = deque()
        self._kept: dict[str, bytes] = {}
        self._kept_sent: dict[str, bytes] = {}
        self._unconfirmed: dict[int, Publication] = {}
        self._dropped = 0

    def put(self, publication: Publication) -> None:
        """Send a message, now or when the broker is back."""
        with self._lock:
            if len(self._waiting) >= self._capacity:
                self._drop_oldest()
            self._waiting.append(publication)

    def _drop_oldest(self) -> None:
        oldest = self._waiting.popleft()
        self._dropped += 1
        if self._dropped == 1:
            log.warning(
                "too many messages wait for the broker; dropped: %s, and more", oldest.topic
            )

    def keep(self, topic: str, payload: bytes) -> None:
        """Let this be the retained message of a topic."""
        with self._lock:
            self._kept[topic] = payload

    def send_kept_again(self) -> None:
        """Treat every kept value as not sent yet."""
        with self._lock:
            self._kept_sent.clear()

    def due(self, window: int) -> list[Publication]:
        """Take what may be sent while at most `window` messages are unconfirmed; kept values first.

        A kept value waits until the one before it on its topic is confirmed, so that a value that
        changes quickly costs one message for each round trip and no more.
        """
        under_way = {publication.topic for publication in self._unconfirmed.values()}
        room = max(window - len(self._unconfirmed), 0)
        with self._lock:
            news = [
                Publication(topic, payload, retain=True)
                for topic, payload in self._kept.items()
                if topic not in under_way and self._kept_sent.get(topic) != payload
            ][:room]
            self._kept_sent.update((value.topic, value.payload) for value in news)
            count = min(room - len(news), len(self._waiting))
            messages = [self._waiting.popleft() for _ in range(count)]
            if self._dropped and not self._waiting:
                log.warning("%d messages for the broker were dropped", self._dropped)
                self._dropped = 0
            return news + messages

    def take_waiting(self) -> list[Publication]:
        """Take every message that waits; kept values stay."""
        with self._lock:
            messages = list(self._waiting)
            self._waiting.clear()
            return messages

    def sent(self, packet_id: int, publication: Publication) -> None:
        """A publication is on its way."""
        self._unconfirmed[packet_id] = publication

    def confirmed(self, packet_id: int) -> Publication | None:
        """The broker has it; None for a number that is not ours."""
        return self._unconfirmed.pop(packet_id, None)

    def connection_lost(self, unsent: tuple[Publication, ...] = ()) -> None:
        """Send again, before what came later, what was on its way; kept values as they are then."""
        again = [*self._unconfirmed.values(), *unsent]
        self._unconfirmed.clear()
        with self._lock:
            self._kept_sent.clear()
            messages = [
                p for p in again if not p.fleeting and not (p.retain and p.topic in self._kept)
            ]
            room = self._capacity - len(self._waiting)
            self._waiting.extendleft(reversed(messages[:room]))

    @property
    def is_congested(self) -> bool:
        """Whether so much waits that nothing should be taken on that makes it more."""
        with self._lock:
            return len(self._waiting) > self._capacity // 2

    @property
    def is_empty(self) -> bool:
        """Whether everything was sent and confirmed."""
        with self._lock:
            return not self._waiting and not self._unconfirmed and self._kept == self._kept_sent
