"""Final events, each kept until somebody who was promised it has it, over the daemon's lives."""

from __future__ import annotations

import threading

from tts_daemon.domain import Event
from tts_daemon.playback._queue import KEPT_IDS
from tts_daemon.playback.journal import Journal


class Endings:
    """Owns the final events that nobody has confirmed. For any thread.

    Args:
        journal: Keeps them for the next process.
        is_confirmed: Whether somebody confirms at all; else an event is told once and forgotten.
    """

    def __init__(self, journal: Journal, *, is_confirmed: bool) -> None:
        self._journal = journal
        self._is_confirmed = is_confirmed
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, Event, int]] = {}

    def take_in(self, endings: tuple[tuple[int, Event], ...]) -> None:
        """Those of earlier processes."""
        with self._lock:
            self._kept |= {event.id: (serial, event, 0) for serial, event in endings}

    def end(self, serial: int, event: Event) -> int:
        """Note the end of an utterance.

        Returns:
            A ticket: once the journal says that it is written, the event may be told. What was told
            is then never spoken again.
        """
        if not self._is_confirmed or not self._journal.keeps(serial):
            return self._journal.end(serial)
        with self._lock:
            ticket = self._journal.end(serial, event)
            self._kept[event.id] = (serial, event, ticket)
            if len(self._kept) > KEPT_IDS:
                del self._kept[next(iter(self._kept))]
        return ticket

    def unconfirmed(self) -> list[Event]:
        """What may be told and nobody has confirmed, the oldest first."""
        with self._lock:
            kept = list(self._kept.values())
        return [event for _, event, ticket in kept if self._journal.is_written(ticket)]

    def confirm(self, event_id: str) -> None:
        """Somebody has the final event of an utterance."""
        with self._lock:
            known = self._kept.pop(event_id, None)
        if known is not None:
            self._journal.told(known[0])
