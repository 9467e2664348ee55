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

Noise = Callable[[int], Floats]
"""Draws the noise of some frames, standard deviation 1 [T, H, hop_length]."""

_LOWEST_F0_HZ = 30.0
_VOICED = 0.6
_NOISES = 2048
"""Frames of noise in stock, shared among the harmonics: 1.6 MB."""
_SEED = 20
_FADE_HZ = 500.0
"""A harmonic fades out over so many Hz below half the sample rate, above which it would fold."""


@dataclass(slots=True)
class ExcitationState:
    """What passes from one call to the next; one per clause.

    Attributes:
        phases: Initial phase of each harmonic in radians [H].
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
        self._sample_rate = sample_rate
        self._ramp = np.arange(1, hop_length + 1, dtype=np.float64)
        harmonics = np.arange(1, source.harmonics + 1, dtype=np.float32)
        self._multiples = harmonics
        self._angles = harmonics[:, None] * np.float32(2 * np.pi)  # [H, 1]
        self._amplitude = np.float32(source.amplitude)
        self._noise_level = np.float32(source.noise)
        random = np.random.default_rng(_SEED)
        # Drawing noise costs more than all sines; a stock in random order sounds the same.
        frames = max(1, _NOISES // source.harmonics)
        shape = (frames, source.harmonics, hop_length)
        self._stock = random.standard_normal(shape, dtype=np.float32)
        self._phases = np.zeros(source.harmonics, np.float32)
        if not source.zero_phases:
            self._phases[1:] = random.uniform(-np.pi, np.pi, source.harmonics)[1:]

    def start(self, noise: Noise | None = None, phases: Floats | None = None) -> ExcitationState:
        """State before the first frame; the same noise and phases each time unless given.

        Args:
            noise: Where the noise comes from.
            phases: Initial phase of each harmonic in radians [H].
        """
        return ExcitationState(
            self._phases if phases is None else phases, noise or self._stocked_noise()
        )

    def make(self, state: ExcitationState, pitch: Floats) -> Floats:
        """Make the excitation of the next frames.

        Args:
            state: Of this clause; moves on.
            pitch: f0 as the decoder scales it, and how voiced the frame is [T, 2].

        Returns:
            [T, H, hop_length].
        """
        f0_hz = pitch[:, 0].astype(np.float64) * self._f0.factor_hz + self._f0.offset_hz
        f0_hz = np.maximum(f0_hz, _LOWEST_F0_HZ)
        cycle = self._cycles(state, f0_hz)  # [T, hop], 0 to 1
        sines = cycle[:, None, :] * self._angles  # [T, H, hop]
        sines += state.phases[:, None]
        np.sin(sines, out=sines)
        voiced = (pitch[:, 1] >= _VOICED)[:, None, None]
        sines *= np.where(voiced, self._amplitudes(f0_hz)[:, :, None], np.float32(0))
        noise = state.noise(len(pitch))
        noise *= np.where(voiced, self._noise_level, self._amplitude / 3)
        sines += noise
        return sines

    def _amplitudes(self, f0_hz: NDArray[np.float64]) -> Floats:
        """Of each harmonic, [T] -> [T, H]; none above half the sample rate."""
        room = self._sample_rate / 2 - f0_hz.astype(np.float32)[:, None] * self._multiples
        shares: Floats = np.clip(room / np.float32(_FADE_HZ), np.float32(0), np.float32(1))
        return self._amplitude * shares

    def _cycles(self, state: ExcitationState, f0_hz: NDArray[np.float64]) -> Floats:
        """Phase of the fundamental after each sample, 0 to 1, [T] -> [T, hop_length]."""
        per_sample = f0_hz / self._sample_rate
        ends = state.cycle + np.cumsum(per_sample * len(self._ramp))
        starts = np.concatenate([[state.cycle], ends[:-1]])
        state.cycle = float(ends[-1] % 1)
        cycles = starts[:, None] + per_sample[:, None] * self._ramp
        # Whole cycles go in float64, so that float32 holds what is left; harmonics are whole too.
        cycles -= np.floor(cycles)
        return cycles.astype(np.float32)

    def _stocked_noise(self) -> Noise:
        """Frames of the stock in an order that does not depend on how they are asked for."""
        order = np.random.default_rng(_SEED)
        return lambda count: self._stock[order.integers(len(self._stock), size=count)]
