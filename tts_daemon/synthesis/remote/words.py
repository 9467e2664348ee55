"""Cuts a clause that comes from elsewhere at its words: a listener hears whole ones only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tts_daemon.domain import Clause
from tts_daemon.errors import RemoteVoiceError
from tts_daemon.runtime.engine import Floats


class WholeWords:
    """The waveform of a clause up to the last prosodic word that came whole.

    Args:
        clause: What is spoken.

    Attributes:
        words: How many were handed on.
        failure: Why there are no more; None where all came.
    """

    def __init__(self, clause: Clause) -> None:
        self._clause = clause
        self._breaks = [at for at, symbol in enumerate(clause.symbols) if symbol.sy[:1] == "#"]
        self._ends: list[int] = []
        self.words = 0
        self.failure: RemoteVoiceError | None = None

    def lie_at(self, frames: tuple[int, ...], hop_length: int) -> None:
        """Take where the symbols lie. Raises RemoteVoiceError where these are not the clause's.

        Args:
            frames: Of each symbol.
            hop_length: Samples per frame.
        """
        if len(frames) != len(self._clause.symbols):
            raise RemoteVoiceError("answers with another clause than was asked for")
        edges = np.cumsum(frames) * hop_length
        self._ends = [int(edges[at]) for at in self._breaks]

    @property
    def first_end(self) -> int:
        """Samples up to the end of the first word: nothing is heard before they are all there."""
        return self._ends[0] if self._ends else 0

    def of(self, waveform: Iterator[Floats]) -> Iterator[Floats]:
        """Yield the words as they become whole; what fails ends it, and stays in `failure`."""
        held, position = np.zeros(0, np.float32), 0
        try:
            for piece in waveform:
                held = np.concatenate([held, piece])
                ready = self._whole(position + len(held)) - position
                if ready > 0:
                    yield held[:ready]
                    held, position = held[ready:], position + ready
        except RemoteVoiceError as error:
            self.failure = error
            return
        self.words = len(self._breaks)
        if len(held):
            yield held

    def rest(self) -> Clause:
        """What was not handed on, as a clause of its own."""
        if not self.words:
            return self._clause
        done, clause = self.words, self._clause
        return replace(
            clause,
            words=clause.words[done:],
            breaks=clause.breaks[done:],
            pauses=clause.pauses[done:],
            symbols=clause.symbols[self._breaks[done - 1] + 1 :],
        )

    def spoken(self) -> Clause:
        """What was handed on, as a clause of its own."""
        done, clause = self.words, self._clause
        end = self._breaks[done - 1] + 1 if done else 0
        return replace(
            clause,
            words=clause.words[:done],
            breaks=clause.breaks[:done],
            pauses=clause.pauses[:done],
            symbols=clause.symbols[:end],
        )

    def _whole(self, until: int) -> int:
        """Samples up to the end of the last word before a place."""
        while self.words < len(self._ends) and self._ends[self.words] <= until:
            self.words += 1
        return self._ends[self.words - 1] if self.words else 0
