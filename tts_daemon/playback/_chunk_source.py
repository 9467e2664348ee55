"""One synthesis, chunk by chunk, taking turns with the others and measuring what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from tts_daemon.clock import Clock
from tts_daemon.domain import AudioChunk


class ChunkSource:
    """The chunks of one utterance. For one thread.

    Args:
        chunks: As the synthesizer makes them.
        turn: Entered while a chunk is made (see `Turns`).
        clock: Measures.

    Attributes:
        synthesis_s: Time spent making chunks.
        waited_s: The same, and the time spent waiting for a turn.
    """

    def __init__(
        self,
        chunks: Iterator[AudioChunk],
        turn: Callable[[], AbstractContextManager[None]],
        clock: Clock,
    ) -> None:
        self.synthesis_s = 0.0
        self.waited_s = 0.0
        self._turn = turn
        self._clock = clock
        self._chunks = chunks

    def __iter__(self) -> Iterator[AudioChunk]:
        return self

    def __next__(self) -> AudioChunk:
        asked_s = self._clock.monotonic_s()
        try:
            with self._turn():
                begin_s = self._clock.monotonic_s()
                try:
                    return next(self._chunks)
                finally:
                    self.synthesis_s += self._clock.monotonic_s() - begin_s
        finally:
            self.waited_s += self._clock.monotonic_s() - asked_s

    def go_on(self, chunks: Iterator[AudioChunk]) -> None:
        """These come next."""
        self._chunks = chunks

    def close(self) -> None:
        """Stop the synthesis."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()
