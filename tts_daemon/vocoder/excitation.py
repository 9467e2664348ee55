"""The excitation of NSF vocoders: f0 -> sines whose phase runs on from chunk to chunk.

Source: Wang, Takaki and Yamagishi 2019, "Neural source-filter-based waveform model".
Letters: T frames, H harmonics (the fundamental included), C values a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_daemon.runtime.engine import Floats
from tts_daemon.voices.manifest import F0Scale, Source

Noise = Callable[[tuple[int, ...]], Floats]
"""Draws noise of standard deviation 1 in a shape."""

_LOWEST_F0_HZ = 30.0
_VOICED = 0.6


@dataclass(slots=True)
class ExcitationState:
    """What passes from one call to the next; one per clause.

    Attributes:
        phases: Initial phase of each harmonic in cycles [H].
        noise: Where the noise comes from.
        cycle: Phase of the fundamental, 0 to 1; a harmonic's is a multiple of it.
    """

    phases: Floats
    noise: Noise
    cycle: float = 0.0


class Excitation:
    """Makes the excitation frame by frame."""

    def __init__(self, f0: F0Scale, source: Source, sample_rate: int, hop_length: int) -> None:
        """Take the voice's scales."""
        self._f0 = f0
        self._source = source
        self._sample_rate = sample_rate
        self._ramp = np.arange(1, hop_length + 1, dtype=np.float64)
        self._multiples = np.arange(1, source.harmonics + 1, dtype=np.float64)

    def start(self, noise: Noise, phases: Floats | None = None) -> ExcitationState:
        """State before the first frame; `phases` of the overtones are drawn unless given."""
        if phases is None:
            # The fraction of a wide normal distribution is as good as uniform.
            phases = noise((self._source.harmonics,)) * np.float32(16) % np.float32(1)
            phases[0] = 0
        return ExcitationState(phases, noise)

    def make(self, state: ExcitationState, pitch: Floats) -> Floats:
        """Make the excitation of the next frames.

        Args:
            state: Of this clause; moves on.
            pitch: f0 as the decoder scales it, and how voiced the frame is [T, 2].

        Returns:
            [T, H, hop_length].
        """
        f0_hz = pitch[:, 0].astype(np.float64) * self._f0.factor_hz + self._f0.offset_hz
        cycles = self._cycles(state, np.maximum(f0_hz, _LOWEST_F0_HZ))  # [T, hop]
        phase = cycles[:, None, :] * self._multiples[:, None] + state.phases[:, None]
        phase -= np.floor(phase)  # in float64, so that float32 holds what is left
        # [T, H, hop]
        sines: Floats = np.sin(phase.astype(np.float32) * np.float32(2 * np.pi))
        noise = state.noise(sines.shape)
        voiced = (pitch[:, 1] >= _VOICED)[:, None, None]
        amplitude, level = np.float32(self._source.amplitude), np.float32(self._source.noise)
        noise *= np.where(voiced, level, amplitude / 3)
        sines *= np.where(voiced, amplitude, np.float32(0))
        sines += noise
        return sines

    def _cycles(self, state: ExcitationState, f0_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cycles of the fundamental after each sample, [T] -> [T, hop_length]."""
        per_sample = f0_hz / self._sample_rate
        ends = state.cycle + np.cumsum(per_sample * len(self._ramp))
        starts = np.concatenate([[state.cycle], ends[:-1]])
        state.cycle = float(ends[-1] % 1)
        return starts[:, None] % 1 + per_sample[:, None] * self._ramp


def gaussian(seed: int) -> Noise:
    """Noise that is the same at every run, and however the frames are cut into calls."""
    generator = np.random.default_rng(seed)
    return lambda shape: generator.standard_normal(shape, dtype=np.float32)


def silence(shape: tuple[int, ...]) -> Floats:
    """No noise, for comparisons."""
    return np.zeros(shape, np.float32)
