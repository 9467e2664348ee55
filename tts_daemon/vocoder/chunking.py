"""Cuts a stream of frames into windows with context, so that chunks join without a seam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np

from tts_daemon.runtime.engine import Floats


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """Short chunks first, for an early first sound; longer ones later, since context is overhead.

    Attributes:
        first_frames: Frames of the first chunk.
        growth: Factor from one chunk to the next.
        largest_frames: No chunk is longer; a stream can be stopped between chunks only.
    """

    first_frames: int = 12
    growth: float = 2.0
    largest_frames: int = 96

    def sizes(self) -> Iterator[int]:
        """Frames of each chunk, without end."""
        size = float(self.first_frames)
        while size < self.largest_frames:
            yield int(size)
            size *= self.growth
        yield from repeat(self.largest_frames)

    def demands(self, context: int) -> Iterator[int]:
        """New frames that each chunk needs: the first one also needs its context to the right."""
        sizes = self.sizes()
        return chain([next(sizes) + context], sizes)


@dataclass(frozen=True, slots=True)
class Window:
    """One chunk with its context.

    Attributes:
        rows: Frames [n, ...].
        begin, end: Rows of the chunk itself.
    """

    rows: Floats
    begin: int
    end: int


def windows(frames: Iterator[Floats], sizes: Iterator[int], context: int) -> Iterator[Window]:
    """Group frames into chunks that bring `context` frames on either side, as far as these exist.

    Args:
        frames: Pieces of any length, [n, ...].
        sizes: Frames of each chunk.
        context: Frames that the vocoder must see around a chunk to make it exactly.

    Yields:
        Windows whose chunks, joined, are all frames. The last one may be shorter or longer.
    """
    held: Floats | None = None
    begin = 0  # first row of the next chunk in `held`
    size = next(sizes)
    for piece in frames:
        held = piece if held is None else np.concatenate([held, piece])
        while len(held) >= begin + size + context:
            yield Window(held[: begin + size + context], begin, begin + size)
            done = max(0, begin + size - context)
            held, begin = held[done:], begin + size - done
            size = next(sizes)
    if held is not None and len(held) > begin:
        yield Window(held, begin, len(held))
