"""Losses on waveforms: spectra at several resolutions, log-mels, and the adversarial pair.

Sources: Yamamoto et al. 2020, "Parallel WaveGAN" (spectra); Mao et al. 2017, "Least Squares
Generative Adversarial Networks"; Kumar et al. 2019, "MelGAN" (feature matching).
Letters: B batch, N samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from tts_daemon.workshop.training.features import MelSpectrogram

RESOLUTIONS = ((256, 64), (512, 128), (1024, 200), (2048, 400))
"""FFT sizes and hops in samples; the window is as long as the FFT."""


def magnitude(waveform: Tensor, n_fft: int, hop_length: int, window: Tensor) -> Tensor:
    """[B, N] -> magnitudes [B, n_fft / 2 + 1, frames]."""
    spectrum = torch.stft(waveform, n_fft, hop_length, n_fft, window, return_complex=True)
    return torch.sqrt(spectrum.real.square() + spectrum.imag.square() + 1e-8)


class SpectralLoss(nn.Module):
    """Spectral convergence + log magnitude at four resolutions, and the log-mel distance."""

    def __init__(self, mel_weight: float = 2.0) -> None:
        super().__init__()
        self.mel_weight = mel_weight
        self.mel = MelSpectrogram(n_fft=1024, hop_length=200, win_length=1024)
        for n_fft, _ in RESOLUTIONS:
            self.register_buffer(f"window_{n_fft}", torch.hann_window(n_fft))

    def forward(self, made: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """Compare waveforms [B, N].

        Returns:
            The weighted sum, and the log-mel L1 alone (for the log).
        """
        spectral = torch.zeros((), device=made.device)
        for n_fft, hop_length in RESOLUTIONS:
            window = self.get_buffer(f"window_{n_fft}")
            with torch.no_grad():
                target = magnitude(real, n_fft, hop_length, window)
            guess = magnitude(made, n_fft, hop_length, window)
            spectral = spectral + (target - guess).norm() / target.norm().clamp(min=1e-3)
            log_target = torch.log(target.clamp(min=1e-4))
            spectral = spectral + functional.l1_loss(torch.log(guess.clamp(min=1e-4)), log_target)
        with torch.no_grad():
            mel_target = self.mel(real)
        mel = functional.l1_loss(self.mel(made), mel_target)
        return spectral / len(RESOLUTIONS) + self.mel_weight * mel, mel


def discriminator_loss(real: Sequence[Tensor], made: Sequence[Tensor]) -> Tensor:
    """Mean over the discriminators of (1 - real)^2 + made^2."""
    pairs = zip(real, made, strict=True)
    return torch.stack([(1 - r).square().mean() + m.square().mean() for r, m in pairs]).mean()


def generator_loss(made: Sequence[Tensor]) -> Tensor:
    """Mean over the discriminators of (1 - made)^2."""
    return torch.stack([(1 - m).square().mean() for m in made]).mean()


def feature_loss(real: Sequence[Sequence[Tensor]], made: Sequence[Sequence[Tensor]]) -> Tensor:
    """Mean distance of the discriminators' hidden layers, each relative to the real one's size."""
    distances = [
        functional.l1_loss(m, r.detach()) / r.detach().abs().mean().clamp(min=1e-3)
        for reals, mades in zip(real, made, strict=True)
        for r, m in zip(reals, mades, strict=True)
    ]
    return torch.stack(distances).mean()
