"""Acoustic features of a waveform: log-mel spectrograms and their normalisation, f0, voicing.

Source: Slaney's mel scale (Auditory Toolbox, 1998); sizes of the published 16 kHz configuration.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SAMPLE_RATE = 16000
HOP_LENGTH = 200
WIN_LENGTH = 1000
N_FFT = 2048
N_MELS = 80
MEL_FLOOR = 1e-5

F0_MINIMUM_HZ = 30.0
F0_MAXIMUM_HZ = 730.0
VOICED_ABOVE_HZ = 100.0
"""Below, the teacher's curve passes between unvoiced and voiced: a frame without a pitch."""

CLIP = 4.0
"""Normalised mels are kept within this many standard deviations."""

Floats = NDArray[np.float32]


def hz_to_mel(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's scale: linear below 1000 Hz, logarithmic above."""
    linear = frequency_hz * 3.0 / 200.0
    logarithmic = 15.0 + 27.0 * np.log(np.maximum(frequency_hz, 1e-9) / 1000.0) / np.log(6.4)
    return np.where(frequency_hz < 1000.0, linear, logarithmic)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    return np.where(
        mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp((mel - 15.0) / 27.0 * np.log(6.4))
    )


def mel_filters(n_mels: int, n_fft: int, sample_rate: int = SAMPLE_RATE) -> Floats:
    """Triangles of equal area, 0 Hz to half the sample rate.

    Returns:
        float32 [n_mels, n_fft / 2 + 1].
    """
    edges = mel_to_hz(np.linspace(0.0, hz_to_mel(np.array(sample_rate / 2.0)), n_mels + 2))
    bins = np.linspace(0.0, sample_rate / 2.0, n_fft // 2 + 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (bins - low) / (centre - low)
    falling = (high - bins) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (high - low)).astype(np.float32)


class MelSpectrogram(torch.nn.Module):
    """Log-mel spectrogram whose frame n is centred on the samples n x hop .. (n + 1) x hop."""

    def __init__(
        self,
        n_fft: int = N_FFT,
        hop_length: int = HOP_LENGTH,
        win_length: int = WIN_LENGTH,
        n_mels: int = N_MELS,
    ) -> None:
        super().__init__()
        self.n_fft, self.hop_length, self.win_length = n_fft, hop_length, win_length
        self.window: Tensor
        self.filters: Tensor
        self.register_buffer("window", torch.hann_window(win_length))
        self.register_buffer("filters", torch.from_numpy(mel_filters(n_mels, n_fft)))

    def forward(self, waveform: Tensor) -> Tensor:
        """Waveform [B, T x hop] -> natural log of mel amplitudes [B, n_mels, T]."""
        margin = self.n_fft - self.hop_length
        padded = torch.nn.functional.pad(
            waveform[:, None], (margin // 2, margin - margin // 2), mode="reflect"
        )[:, 0]
        spectrum = torch.stft(
            padded,
            self.n_fft,
            self.hop_length,
            self.win_length,
            self.window,
            center=False,
            return_complex=True,
        )
        power = spectrum.real.square() + spectrum.imag.square()
        amplitude = torch.sqrt(power + 1e-10)
        return torch.log(torch.clamp(self.filters @ amplitude, min=MEL_FLOOR))


@dataclass(frozen=True)
class MelScale:
    """Per-bin mean and standard deviation, by which both networks see the mels.

    Attributes:
        mean, std: float32 [n_mels], of the natural log of mel amplitudes.
    """

    mean: Floats
    std: Floats

    @classmethod
    def measure(cls, mels: Floats) -> MelScale:
        """Take the statistics of frames [T, n_mels]."""
        wide = mels.astype(np.float64)
        return cls(wide.mean(0).astype(np.float32), (wide.std(0) + 1e-3).astype(np.float32))

    def normalize(self, mels: Floats) -> Floats:
        """Log-mels [T, n_mels] -> values of mean 0 and deviation 1, clipped."""
        clipped: Floats = np.clip((mels - self.mean) / self.std, -CLIP, CLIP).astype(np.float32)
        return clipped

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps({"mean": self.mean.tolist(), "std": self.std.tolist()}))

    @classmethod
    def load(cls, path: Path) -> MelScale:
        """Read what `save` wrote."""
        stored = json.loads(path.read_text())
        return cls(np.array(stored["mean"], np.float32), np.array(stored["std"], np.float32))


def interpolate_f0(f0_hz: Floats) -> tuple[Floats, Floats]:
    """Fill unvoiced frames on a straight line between their voiced neighbours.

    Args:
        f0_hz: [T]; anything below 100 Hz is unvoiced.

    Returns:
        The filled f0 in Hz [T], and 1.0 where a frame is voiced, else 0.0 [T].
    """
    voiced = f0_hz >= VOICED_ABOVE_HZ
    if not voiced.any():
        return np.full_like(f0_hz, 200.0), np.zeros_like(f0_hz)
    places = np.flatnonzero(voiced)
    filled = np.interp(np.arange(len(f0_hz)), places, f0_hz[places])
    return filled.astype(np.float32), voiced.astype(np.float32)


def normalize_f0(f0_hz: Floats) -> Floats:
    """Hz -> the published global range, 0 at 30 Hz and 1 at 730 Hz."""
    scaled = (f0_hz - F0_MINIMUM_HZ) / (F0_MAXIMUM_HZ - F0_MINIMUM_HZ)
    clipped: Floats = np.clip(scaled, 0.0, 1.0).astype(np.float32)
    return clipped
