"""Sharpens mels in time, as a stream: what a network smooths over a few frames stands out again.

Letters: S frames of one call, C values a frame, n those of them that are mels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tts_daemon.runtime.engine import Floats
from tts_daemon.voices.sharpening import Sharpening


@dataclass(slots=True)
class SharpeningState:
    """What passes from one call to the next; one per clause.

    Attributes:
        frames: Those that wait for their neighbours, and their neighbours before [m, C]; None
            before the first.
    """

    frames: Floats | None = None


class Sharpener:
    """Adds a share of what stands out from the mean of the frames around."""

    def __init__(self, wanted: Sharpening | None, n_mels: int) -> None:
        """Take how much and how far; None: frames pass as they are."""
        self._strength = np.float32(wanted.strength if wanted else 0.0)
        self.delay = wanted.radius_frames if wanted and wanted.strength else 0
        self._n_mels = n_mels

    def start(self) -> SharpeningState:
        """State before the first frame of a clause."""
        return SharpeningState()

    def sharpen(self, state: SharpeningState, frames: Floats, *, last: bool) -> Floats:
        """Take the next frames [S, C] and return those whose neighbours are known [k, C].

        Args:
            state: Of this clause; moves on.
            frames: In order; the first and the last of a clause stand for those beyond.
            last: No further frames will come.
        """
        if not self.delay or not (len(frames) or last):
            return frames
        held = self._joined(state, frames)
        if last and len(held):
            held = np.concatenate([held, np.repeat(held[-1:], self.delay, axis=0)])
        count = max(0, len(held) - 2 * self.delay)
        state.frames = held[count:]
        return self._sharpened(held, count)

    def _joined(self, state: SharpeningState, frames: Floats) -> Floats:
        """With the neighbours before; the first frame stands for those that do not exist."""
        if state.frames is not None:
            return np.concatenate([state.frames, frames])
        return np.concatenate([np.repeat(frames[:1], self.delay, axis=0), frames])

    def _sharpened(self, held: Floats, count: int) -> Floats:
        """The frames between their neighbours: `count` of them."""
        made = held[self.delay : self.delay + count].copy()
        mels = held[:, : self._n_mels]
        width = 2 * self.delay + 1
        mean = sum((mels[shift : shift + count] for shift in range(width)), np.float32(0)) / width
        made[:, : self._n_mels] += self._strength * (made[:, : self._n_mels] - mean)
        return made
