"""Speech for a caller instead of the device."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from tts_daemon.domain import AudioChunk
from tts_daemon.errors import QueueFullError
from tts_daemon.playback._chunk_source import ChunkSource
from tts_daemon.sound.levels import Levels
from tts_daemon.sound.resampling import Resampler


class RenderSlots:
    """How many callers may be rendered for at one time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = threading.BoundedSemaphore(limit)

    def take(self) -> None:
        """Raises QueueFullError when all are taken."""
        if not self._free.acquire(blocking=False):
            raise QueueFullError(f"{self._limit} texts are being rendered already; try again later")

    def give_back(self) -> None:
        """Let the next one in."""
        self._free.release()


class RenderStream:
    """Iterator over the chunks of one request, volume and edges applied; `close` ends it early.

    Args:
        source: The chunks as they are made.
        slots: Where to give back the slot that was taken for it.
        as_made: Nothing is done to the chunks.
    """

    def __init__(self, source: ChunkSource, slots: RenderSlots, *, as_made: bool = False) -> None:
        self._source = source
        self._slots = slots
        self._open = True
        self._chunks = _as_made(source) if as_made else _with_levels(source)

    def __iter__(self) -> Iterator[AudioChunk]:
        return self

    def __next__(self) -> AudioChunk:
        if not self._open:
            raise StopIteration
        try:
            return next(self._chunks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the synthesis and give the slot back; again is harmless."""
        if self._open:
            self._open = False
            self._chunks.close()
            self._source.close()
            self._slots.give_back()

    def __del__(self) -> None:
        # A caller that forgets to close must not take a slot with it.
        self.close()


def _as_made(source: ChunkSource) -> Generator[AudioChunk]:
    yield from source


# Not a method: a generator that knew the stream would keep it alive for ever.
def _with_levels(source: ChunkSource) -> Generator[AudioChunk]:
    stretch: _Stretch | None = None
    rate_hz = clause = 0
    for chunk in source:
        if stretch is None or stretch.rate_in != chunk.sample_rate:
            if stretch is not None:
                yield AudioChunk(stretch.finish(), rate_hz, clause)
            rate_hz = rate_hz or chunk.sample_rate
            stretch = _Stretch(chunk.sample_rate, rate_hz)
        clause = chunk.clause
        yield AudioChunk(stretch.process(chunk), rate_hz, clause)
    if stretch is not None:
        yield AudioChunk(stretch.finish(), rate_hz, clause)


class _Stretch:
    """A part of one rate; it leaves at the rate of the first, which callers have written down."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self.rate_in = rate_in
        self._levels = Levels(rate_in)
        self._resampler = Resampler(rate_in, rate_out, np.float32)

    def process(self, chunk: AudioChunk) -> NDArray[np.float32]:
        return self._resampler.process(self._levels.process(chunk.samples, chunk.volume))

    def finish(self) -> NDArray[np.float32]:
        rest = self._resampler.process(self._levels.finish())
        return np.concatenate([rest, self._resampler.finish()])
