"""Delivers events to listeners in the order in which they happened, holding nobody's lock."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from tts_daemon.domain import Event
from tts_daemon.ports import Snapshot

Listener = Callable[[Event | Snapshot], None]

_logger = logging.getLogger(__name__)


class Outbox:
    """A line of events, and those who listen. Safe to use from any thread.

    `put` is called under the player's lock, so that the line has the order of what happened;
    `deliver` after the lock was given back, so that a listener may call the player.
    """

    def __init__(self) -> None:
        self._line: deque[Event | Snapshot] = deque()
        self._listeners: tuple[Listener, ...] = ()
        self._lock = threading.Lock()
        self._delivering = threading.Lock()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; the returned function removes it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(item for item in self._listeners if item is not listener)

        return unsubscribe

    def put(self, item: Event | Snapshot) -> None:
        """Add to the end of the line."""
        self._line.append(item)

    def deliver(self) -> None:
        """Empty the line. Where another thread is at it already, that one delivers ours too."""
        while self._line and self._delivering.acquire(blocking=False):
            try:
                while self._line:
                    self._tell(self._line.popleft())
            finally:
                self._delivering.release()

    def _tell(self, item: Event | Snapshot) -> None:
        for listener in self._listeners:
            try:
                listener(item)
            except Exception:
                # A door that fails must not take the others, or the speech, with it.
                _logger.exception("a listener failed on %s", item)
