"""The text of one utterance while it is being written: taken in pieces, given out in sentences."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tts_daemon.clock import Clock
from tts_daemon.errors import TooLongError
from tts_daemon.requests import check_length, is_speakable, without_controls
from tts_daemon.text.growing import GrowingText


class Writing:
    """Owns what has come so far. One thread adds, another one reads; any may abandon it.

    Args:
        max_characters: Longest text; what comes beyond is refused.
        patience_s: A source that brings nothing for so long has come to its end.
        clock: Whose time it keeps.
    """

    def __init__(self, max_characters: int, patience_s: float, clock: Clock) -> None:
        self.warnings: tuple[str, ...] = ()
        """What was wrong with the source, for the `finished` event."""
        self.changed: Callable[[], None] = lambda: None
        """Called, without a lock, when it can be begun with, and when it is whole."""
        self.position = -1
        """Place in the queue when it was accepted; -1: it was not."""
        self._max_characters = max_characters
        self._patience_s = patience_s
        self._clock = clock
        self._came = threading.Condition()
        self._growing = GrowingText()
        self._text = ""
        self._readable = ""
        self._is_over = False
        self._is_wanted = True
        self._last_s = clock.monotonic_s()

    @property
    def text(self) -> str:
        """All that has come."""
        return self._text

    @property
    def is_over(self) -> bool:
        """Whether it is whole."""
        return self._is_over

    @property
    def is_ready(self) -> bool:
        """Whether there is something to begin with, or nothing more will come."""
        return self._is_over or is_speakable(self._readable)

    @property
    def is_overdue(self) -> bool:
        """Whether the source has brought nothing for too long."""
        return not self._is_over and self._clock.monotonic_s() - self._last_s > self._patience_s

    # -- whoever writes -------------------------------------------------------------------------

    def add(self, piece: str) -> bool:
        """Take a piece.

        Returns:
            False where nobody listens any more: more is of no use.

        Raises:
            TooLongError: The text is longer than any may be; what came before is spoken.
        """
        piece = without_controls(piece)
        with self._came:
            if self._is_over or not self._is_wanted:
                return False
            if not piece:
                return True
            was_ready = self.is_ready
        try:
            check_length(self._text + piece, self._max_characters)
        except TooLongError as error:
            self.end(f"{error}; what came before was spoken")
            raise
        self._take(piece)
        if self.is_ready and not was_ready:
            self.changed()
        return True

    def _take(self, piece: str) -> None:
        with self._came:
            if not self._is_over:
                self._text += piece
                self._readable += self._growing.add(piece)
                self._last_s = self._clock.monotonic_s()
                self._came.notify_all()

    def end(self, warning: str = "") -> None:
        """Nothing more will come; `warning`: why that is not as it should be."""
        with self._came:
            if self._is_over:
                return
            self._is_over = True
            self._readable += self._growing.finish()
            self.warnings = (warning,) if warning else ()
            self._came.notify_all()
        self.changed()

    def end_late(self) -> None:
        """The source has brought nothing for too long."""
        patience = f"{self._patience_s:g} s (text.stream_timeout_s)"
        self.end(f"text: nothing more came for {patience}; what had come was spoken")

    # -- whoever reads --------------------------------------------------------------------------

    def since(self, start: int, timeout_s: float) -> str | None:
        """What reads alone behind `start`, a number of characters that were taken before.

        Returns:
            Empty when there was nothing for `timeout_s`; None at the end of the text.
        """
        if self.is_overdue:
            self.end_late()
        with self._came:
            self._came.wait_for(
                lambda: len(self._readable) > start or self._is_over or not self._is_wanted,
                timeout=timeout_s,
            )
            more = self._readable[start:]
            return more if more or not (self._is_over or not self._is_wanted) else None

    def abandon(self) -> None:
        """Nobody listens any more."""
        with self._came:
            self._is_wanted = False
            self._came.notify_all()
