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
from tts_daemon.acoustic.intonation import frame_semitones
from tts_daemon.runtime.engine import Floats
from tts_daemon.voices.manifest import Manifest

_LEAST_PAUSE_S = 0.05
"""A pause with a floor has at least this much time in which the voice may die away."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What the decoder reads.

    Attributes:
        values: One row per decoder step [T / r, M].
        frames: Frames of speech; the last step may make up to r - 1 more, which are dropped.
        band: Steps that the decoder looks back, and ahead into the memory.
        counts: Frames of each symbol [L].
        semitones: Shift of each frame's f0 [T]; None: none.
    """

    values: Floats
    frames: int
    band: int
    counts: NDArray[np.int64]
    semitones: Floats | None = None


class LengthRegulator:
    """Lays the symbols of a clause out in time."""

    def __init__(self, manifest: Manifest) -> None:
        """Take the voice's sizes."""
        self._frames_per_step = manifest.frames_per_step
        frame_s = manifest.hop_length / manifest.sample_rate
        self._least_frames = round(_LEAST_PAUSE_S / frame_s)
        self._scales = np.array(manifest.position_scales, np.float32)  # [P]

    def regulate(self, encoding: Encoding, durations: Floats, inputs: AcousticInput) -> Memory:
        """Make the decoder's memory.

        Args:
            encoding: One clause.
            durations: Frames of each symbol as predicted [L].
            inputs: Speed, pauses and their factor.
        """
        scaled = durations / np.float32(inputs.speed)
        # The band belongs to the speech: a pause that was drawn out must not widen it.
        band = int(_round_half_up(scaled.max(initial=0) / self._frames_per_step))
        drawn_out = np.where(inputs.pauses, scaled * np.float32(inputs.pause), scaled)
        counts = _round_half_up(drawn_out)
        if inputs.floors_s is not None:
            counts = np.where(inputs.floors_s, np.maximum(counts, self._least_frames), counts)
        semitones = None
        if inputs.semitones is not None:
            semitones = frame_semitones(inputs.semitones, counts)
        values = self._memory(encoding, counts)
        return Memory(values, int(counts.sum()), band, counts, semitones)

    def _memory(self, encoding: Encoding, counts: NDArray[np.int64]) -> Floats:
        """[T / r, M]."""
        per_step = self._frames_per_step
        symbol = np.repeat(np.arange(len(counts)), counts)  # [T]
        starts = np.cumsum(counts) - counts
        position = np.arange(len(symbol)) - starts[symbol] + 1  # [T], from 1 inside each symbol
        padding = -len(symbol) % per_step
        text = np.pad(encoding.text[symbol], ((0, padding), (0, 0)))
        text += self._waves(np.pad(position, (0, padding)))
        side_by_side = text.reshape(-1, per_step * text.shape[1])  # [T / r, r x P]
        condition = encoding.condition[symbol[::per_step]]  # [T / r, G]
        return np.concatenate([side_by_side, condition], axis=1)

    def _waves(self, position: NDArray[np.int64]) -> Floats:
        """Sine at even columns, cosine at odd ones, [T] -> [T, P]."""
        # float32 throughout, as the models were trained: stored scales can make large angles.
        waves = position[:, None].astype(np.float32) / self._scales
        waves[:, 0::2] = np.sin(waves[:, 0::2])
        waves[:, 1::2] = np.cos(waves[:, 1::2])
        return waves


def _round_half_up(values: Floats) -> NDArray[np.int64]:
    rounded: NDArray[np.int64] = np.floor(values + np.float32(0.5)).astype(np.int64)
    return rounded
