"""From symbols to decoder steps: repeats each symbol for its duration and adds positions.

Letters as in docs/voice-package.md: L symbols, T frames, P text width, G condition width,
M memory width, r frames per step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_daemon.acoustic.encoder import Encoding
from tts_daemon.acoustic.inputs import AcousticInput
from tts_daemon.runtime.engine import Floats

_POSITION_BASE = 10000.0


@dataclass(frozen=True, slots=True)
class Memory:
    """What the decoder reads.

    Attributes:
        values: One row per decoder step [T / r, M].
        frames: Frames of speech; the last step may make up to r - 1 more, which are dropped.
        band: Steps that the decoder looks back, and ahead into the memory.
    """

    values: Floats
    frames: int
    band: int


def regulate(
    encoding: Encoding, durations: Floats, inputs: AcousticInput, frames_per_step: int
) -> Memory:
    """Lay the symbols out in time.

    Args:
        encoding: One clause.
        durations: Frames of each symbol as predicted [L].
        inputs: Speed, pauses and their factor.
        frames_per_step: r.
    """
    scaled = durations / np.float32(inputs.speed)
    # The band belongs to the speech: a pause that was drawn out must not widen it.
    band = int(_round_half_up(scaled.max(initial=0) / frames_per_step))
    counts = _round_half_up(np.where(inputs.pauses, scaled * np.float32(inputs.pause), scaled))
    return Memory(
        values=_memory(encoding, counts, frames_per_step), frames=int(counts.sum()), band=band
    )


def _memory(encoding: Encoding, counts: NDArray[np.int64], frames_per_step: int) -> Floats:
    """[T / r, M]."""
    symbol = np.repeat(np.arange(len(counts)), counts)  # [T]
    starts = np.cumsum(counts) - counts
    position = np.arange(len(symbol)) - starts[symbol] + 1  # [T], from 1 inside each symbol
    padding = -len(symbol) % frames_per_step
    text = np.pad(encoding.text[symbol], ((0, padding), (0, 0)))
    text += _sinusoid(np.pad(position, (0, padding)), text.shape[1])
    side_by_side = text.reshape(-1, frames_per_step * text.shape[1])  # [T / r, r x P]
    condition = encoding.condition[symbol[::frames_per_step]]  # [T / r, G]
    return np.concatenate([side_by_side, condition], axis=1)


def _sinusoid(position: NDArray[np.int64], width: int) -> Floats:
    """Sine at even columns, cosine at odd ones, [T] -> [T, width]."""
    column = np.arange(width)
    frequency = _POSITION_BASE ** (-2.0 * (column // 2) / width)
    angle = position[:, None] * frequency
    return np.where(column % 2, np.cos(angle), np.sin(angle)).astype(np.float32)


def _round_half_up(values: Floats) -> NDArray[np.int64]:
    rounded: NDArray[np.int64] = np.floor(values + np.float32(0.5)).astype(np.int64)
    return rounded
