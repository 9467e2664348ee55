"""What listeners are told: the newest state of the player, and events in order."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tts_daemon.domain import Event, PlayerState
from tts_daemon.ports import Snapshot

Listener = Callable[[Event | Snapshot], None]

log = logging.getLogger(__name__)

_EMPTY = Snapshot(
    state=PlayerState.IDLE,
    speaking_id="",
    queued=0,
    volume=100.0,
    speed=1.0,
    preset="",
    presets=(),
    voices=(),
    last_error="",
    counters={},
    last_first_audio_ms=None,
    last_real_time_factor=None,
)


class Board:
    """Owns the newest snapshot, the line of what is to be told, and who listens. For any thread.

    `show` and `put` are called under the lock of whoever has made the change, so that the line has
    the order of what happened; `deliver` without any lock, so that a listener may call the player.

    Args:
        sink_counters: Totals of the sink, which a snapshot shows as well.
        is_due: Whether what was put with a ticket may be told; what comes after it waits, too.
    """

    def __init__(
        self,
        sink_counters: Callable[[], dict[str, int]],
        is_due: Callable[[int], bool] = lambda ticket: True,
    ) -> None:
        self._sink_counters = sink_counters
        self._is_due = is_due
        self._lock = threading.Lock()
        self._newest = _EMPTY
        self._told: Snapshot | None = None
        self._line: deque[tuple[Event | Snapshot, int]] = deque()
        self._listeners: tuple[Listener, ...] = ()
        self._delivering = threading.Lock()

    def snapshot(self) -> Snapshot:
        """The player at this moment."""
        newest = self._newest
        return replace(newest, counters={**newest.counters, **self._sink_counters()})

    def show(self, **fields: Any) -> None:
        """Change fields of the snapshot; put it in line where more than a counter has changed."""
        with self._lock:
            newest = self._newest = replace(self._newest, **fields)
            if self._told is None or replace(self._told, counters=newest.counters) != newest:
                self._told = newest
                self._line.append((self.snapshot(), 0))

    def put(self, event: Event, ticket: int = 0) -> None:
        """Put an event in line."""
        self._line.append((event, ticket))

    def deliver(self) -> None:
        """Empty the line. Where another thread is at it already, that one delivers ours too."""
        while self._has_due() and self._delivering.acquire(blocking=False):
            try:
                while self._has_due():
                    self._tell(self._line.popleft()[0])
            finally:
                self._delivering.release()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; the returned function removes it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(item for item in self._listeners if item is not listener)

        return unsubscribe

    def _has_due(self) -> bool:
        with contextlib.suppress(IndexError):
            return self._is_due(self._line[0][1])
        return False

    def _tell(self, item: Event | Snapshot) -> None:
        for listener in self._listeners:
            try:
                listener(item)
            except Exception:
                # A door that fails must not take the others, or the speech, with it.
                log.exception("a listener failed on %s", item)
