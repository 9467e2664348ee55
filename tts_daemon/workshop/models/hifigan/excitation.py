"""The sine excitation of the NSF vocoders: f0 -> harmonics, for training and for parity.

Source: Wang, Takaki and Yamagishi 2019, "Neural source-filter-based waveform model".
Letters: B batch, T frames, H harmonics (fundamental included), N = T x hop_length samples.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

AMPLITUDE = 0.1
NOISE = 0.003
"""In voiced frames of the published voices; elsewhere a third of the amplitude."""
FADE_HZ = 500.0
"""A harmonic fades out over so many Hz below half the sample rate, above which it would fold."""


def sine_excitation(
    f0: Tensor,
    voiced: Tensor,
    *,
    hop_length: int,
    sample_rate: int,
    harmonics: int,
    zero_phases: bool = False,
    level: float = NOISE,
    phases: Tensor | None = None,
    noise: Tensor | None = None,
) -> Tensor:
    """Sines at the multiples of f0 with a little noise; noise alone where there is no voice.

    Args:
        f0: Hz [B, T], positive everywhere.
        voiced: 1 or 0 [B, T].
        hop_length: Samples per frame.
        sample_rate: Samples per second.
        harmonics: H.
        zero_phases: Whether all sines start together, as pulses; else the overtones' are random.
        level: Deviation of the noise in voiced frames.
        phases: Initial phases in radians [B, H], instead of either.
        noise: Gaussian noise of standard deviation 1 [B, H, N]; random when left out.

    Returns:
        [B, H, N].
    """
    batch, frames = f0.shape
    if phases is None:
        phases = torch.zeros(batch, harmonics, device=f0.device)
        if not zero_phases:
            phases[:, 1:] = (torch.rand(batch, harmonics - 1, device=f0.device) * 2 - 1) * math.pi
    if noise is None:
        noise = torch.randn(batch, harmonics, frames * hop_length, device=f0.device)
    multiples = torch.arange(1, harmonics + 1, device=f0.device)
    # Whole cycles may go before the multiplication: a harmonic's angle stays below 2 pi H.
    angle = (_cycles(f0, hop_length, sample_rate) % 1 * (2 * math.pi)).to(f0.dtype)
    angle = angle[:, None, :] * multiples[:, None] + phases[:, :, None]  # [B, H, N]
    amplitude = AMPLITUDE * _audible(f0, multiples, sample_rate)  # [B, H, T]
    voice = amplitude.repeat_interleave(hop_length, dim=2) * torch.sin(angle) + level * noise
    mask = voiced.repeat_interleave(hop_length, dim=1)[:, None, :]  # [B, 1, N]
    return voice * mask + (AMPLITUDE / 3) * noise * (1 - mask)


def published_excitation(
    f0: Tensor, voiced: Tensor, *, hop_length: int, sample_rate: int, harmonics: int
) -> Tensor:
    """The sines without noise and with all phases zero, rounded as the published code rounds.

    A phase adds up the rounding of every sample: after a few seconds it differs audibly for nobody,
    but by more than a comparison of two programs may allow. Arguments as for `sine_excitation`.
    """
    multiples = torch.arange(1, harmonics + 1, device=f0.device)
    per_sample = f0.repeat_interleave(hop_length, dim=1)[:, None, :]  # [B, 1, N]
    cycles = torch.cumsum(per_sample * multiples[:, None] / sample_rate, dim=2) % 1
    amplitude = AMPLITUDE * _audible(f0, multiples, sample_rate) * voiced[:, None]
    return amplitude.repeat_interleave(hop_length, dim=2) * torch.sin(2 * math.pi * cycles)


def _audible(f0: Tensor, multiples: Tensor, sample_rate: int) -> Tensor:
    """1 for harmonics that the sample rate can hold, 0 for those it cannot, [B, H, T]."""
    room = sample_rate / 2 - f0[:, None, :] * multiples[:, None]
    return (room / FADE_HZ).clamp(0.0, 1.0)


def _cycles(f0: Tensor, hop_length: int, sample_rate: int) -> Tensor:
    """Cycles of the fundamental since the start, after each sample, [B, T] -> float64 [B, N]."""
    # The samples of a frame share one f0: a sum over frames and a ramp replace a sum over samples.
    per_sample = f0.double() / sample_rate
    before = torch.cumsum(per_sample * hop_length, dim=1) - per_sample * hop_length
    ramp = torch.arange(1, hop_length + 1, device=f0.device, dtype=torch.float64)
    return (before[:, :, None] + per_sample[:, :, None] * ramp).flatten(1)
