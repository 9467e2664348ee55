"""How the mel of a clause is cut into pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, repeat

import numpy as np

from tts_daemon.domain import MelChunk


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """Short chunks first, for an early first sound; longer ones later, since each call costs.

    Attributes:
        first_frames: Frames of an utterance's first chunk, for which somebody waits.
        growth: Factor from one chunk to the next. While a chunk is heard the next one is made: that
            is in time up to a real-time factor of 1 / growth.
        largest_frames: No chunk is longer: the time for a frame hardly falls any more, the memory
            for it grows, and a stream can be stopped between chunks only.
        later_frames: Frames of the first chunk of a later clause: another one is heard meanwhile.
    """

    first_frames: int = 6
    growth: float = 1.6
    largest_frames: int = 40
    later_frames: int = 12

    def later(self) -> ChunkPlan:
        """The plan for a clause that is not the first."""
        return replace(self, first_frames=self.later_frames)

    def sizes(self) -> Iterator[int]:
        """Frames of each chunk, without end."""
        size = float(self.first_frames)
        while size < self.largest_frames:
            yield int(size)
            size *= self.growth
        yield from repeat(self.largest_frames)

    def demands(self, look_ahead: int) -> Iterator[int]:
        """New mel frames that each chunk needs: the first one also needs the look-ahead."""
        sizes = self.sizes()
        return chain([next(sizes) + look_ahead], sizes)


def gather_first(chunks: Iterator[MelChunk], more_than: int) -> Iterator[MelChunk]:
    """Join the first chunks until they are longer than `more_than` frames, or the last."""
    for first in chunks:
        whole = first
        while len(whole.frames) <= more_than and not whole.last:
            following = next(chunks)
            frames = np.concatenate([whole.frames, following.frames])
            whole = MelChunk(frames, following.last)
        yield whole
        yield from chunks
