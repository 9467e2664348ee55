"""What was spoken lately, and is being spoken, by whatever door it came: what a page shows."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any

from tts_daemon.domain import Event, EventType
from tts_daemon.inputs.messages import event_message
from tts_daemon.ports import Snapshot, SpeechService

KEPT = 50
"""Utterances that are remembered."""


class History:
    """Listens to the player for as long as the door is open. For any thread.

    Args:
        service: The player.
        shows_text: Whether it tells what utterances say.
    """

    def __init__(self, service: SpeechService, *, shows_text: bool) -> None:
        self.shows_text = shows_text
        self._lock = threading.Lock()
        self._known: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self.close = service.subscribe(self._hear)

    def newest(self) -> list[dict[str, Any]]:
        """Every utterance once, with its newest event and the time of its first; newest first."""
        with self._lock:
            return [dict(known) for known in reversed(self._known.values())]

    def _hear(self, item: Event | Snapshot) -> None:
        if isinstance(item, Snapshot) or item.event_type == EventType.DUPLICATE:
            return
        with self._lock:
            known = self._known.setdefault(item.id, {"time_s": round(time.time(), 3)})
            known.update(event_message(item, shows_text=self.shows_text))
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
