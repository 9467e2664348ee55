"""Whose turn it is to synthesise: the loudspeaker first, then callers as they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tts_daemon.domain import AudioChunk

ENOUGH_AHEAD_S = 1.0
"""With so much sound made ahead, the loudspeaker can spare a turn."""

_LOOK_AGAIN_S = 0.05
"""How long a caller may be late in seeing that the loudspeaker can spare a turn."""


class Turns:
    """Owns the right to synthesise, which is held for one chunk at a time. For any thread.

    The loudspeaker waits for at most the one chunk that is being made. Callers wait while it needs
    every turn: while something is to be spoken, with less than `ENOUGH_AHEAD_S` made ahead.

    Args:
        ahead_s: How much sound the loudspeaker holds, in seconds.
    """

    def __init__(self, ahead_s: Callable[[], float]) -> None:
        self._ahead_s = ahead_s
        self._changed = threading.Condition()
        self._is_held = False
        self._is_due = False
        self._speaking = False
        self._wants = 0
        self._line: deque[object] = deque()

    def expect(self, *, is_due: bool) -> None:
        """Whether the loudspeaker will soon ask for turns, because something waits for it."""
        with self._changed:
            self._is_due = is_due
            self._changed.notify_all()

    def kept_for(self, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
        """The chunks of an utterance for the loudspeaker; until the last it may need every turn."""
        self._set_speaking(True)
        try:
            yield from chunks
        finally:
            self._set_speaking(False)

    @contextmanager
    def for_loudspeaker(self) -> Iterator[None]:
        """Hold the turn, as soon as the chunk that is being made is done."""
        with self._changed:
            self._wants += 1
            self._changed.wait_for(lambda: not self._is_held)
            self._wants -= 1
            self._is_held = True
        try:
            yield
        finally:
            self._give_back()

    @contextmanager
    def for_caller(self) -> Iterator[None]:
        """Hold the turn, when all who asked before had theirs and the loudspeaker can spare it."""
        ticket = object()
        with self._changed:
            self._line.append(ticket)
            while self._is_held or self._wants or self._line[0] is not ticket or self._is_needed():
                self._changed.wait(_LOOK_AGAIN_S)
            self._line.popleft()
            self._is_held = True
        try:
            yield
        finally:
            self._give_back()

    def _is_needed(self) -> bool:
        return (self._is_due or self._speaking) and self._ahead_s() < ENOUGH_AHEAD_S

    def _set_speaking(self, speaking: bool) -> None:
        with self._changed:
            self._speaking = speaking
            self._changed.notify_all()

    def _give_back(self) -> None:
        with self._changed:
            self._is_held = False
            self._changed.notify_all()
