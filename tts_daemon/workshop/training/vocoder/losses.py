"""Losses on waveforms: spectra, bands, patterns that repeat, and the adversarial pair.

Sources: Yamamoto et al. 2020, "Parallel WaveGAN" (spectra); Kumar et al. 2023, "High-Fidelity Audio
Compression with Improved RVQGAN" (bands); Mao et al. 2017, "Least Squares Generative Adversarial
Networks"; Kumar et al. 2019, "MelGAN" (feature matching). Those on patterns are our own.
Letters: B batch, N samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tts_daemon.workshop.training.corpus.features import HOP_LENGTH, SAMPLE_RATE, MelSpectrogram

RESOLUTIONS = ((256, 64), (512, 128), (1024, 200), (2048, 400))
"""FFT sizes and hops in samples; the window is as long as the FFT."""

BANDS = ((64, 6), (128, 12), (256, 24), (512, 48), (1024, 80))
"""Windows in samples and their numbers of mel bands; a hop is a quarter of a window."""

PATTERN_BANDS_HZ = ((1500, 3000), (3000, 5000), (5000, 7800))
PATTERN_WINDOW = 4 * HOP_LENGTH
"""Samples over which the likeness of a frame and the next is taken."""

LOCK_ABOVE_HZ = 1500
LOCK_FLOOR = 0.014
"""Norm of a frame at -60 dBFS: what is softer counts for less, and silence for nothing."""


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


class BandLoss(nn.Module):
    """Log-mel L1 with windows from 4 to 64 ms, the shorter the fewer bands.

    Noise is never the same twice: in single bins that hides what a step should learn, in the
    broad bands of short windows much less. They show bursts and hisses where they are.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mels = nn.ModuleList(
            MelSpectrogram(n_fft=size, hop_length=size // 4, win_length=size, n_mels=bands)
            for size, bands in BANDS
        )

    def forward(self, made: Tensor, real: Tensor) -> Tensor:
        """Compare waveforms [B, N]; the mean over the windows."""
        distances = []
        for mel in self.mels:
            with torch.no_grad():
                target = mel(real)
            distances.append(functional.l1_loss(mel(made), target))
        return torch.stack(distances).mean()


class RepetitionLoss(nn.Module):
    """How alike a frame and the next are above 1.5 kHz, compared with how alike they should be.

    A generator makes its frames alike, and where it should make noise that is heard as a buzz at
    the rate of the frames. Losses on magnitudes do not see it: one noise is as far off as another.
    """

    def __init__(self) -> None:
        super().__init__()
        self.taps: Tensor
        self.register_buffer("taps", band_filters(PATTERN_BANDS_HZ))

    def forward(self, made: Tensor, real: Tensor) -> Tensor:
        """Compare waveforms [B, N]; a mean square of correlations."""
        with torch.no_grad():
            target = self.likeness(real)
        return functional.mse_loss(self.likeness(made), target)

    def likeness(self, waveform: Tensor) -> Tensor:
        """Correlation with the same a frame later, [B, N] -> [B, bands, places], -1 to 1."""
        bands = functional.conv1d(waveform[:, None], self.taps, padding=self.taps.shape[2] // 2)
        products = bands[:, :, HOP_LENGTH:] * bands[:, :, :-HOP_LENGTH]
        shared = functional.avg_pool1d(products, PATTERN_WINDOW, HOP_LENGTH)
        power = functional.avg_pool1d(bands.square(), PATTERN_WINDOW, HOP_LENGTH)
        power = power[:, :, : shared.shape[2] + 1]
        return shared / (torch.sqrt(power[:, :, :-1] * power[:, :, 1:]) + 1e-7)


class FrameLockLoss(nn.Module):
    """How much of the sound above 1.5 kHz is one pattern at the same place of every frame.

    Such a pattern is heard as lines at the multiples of the frame rate. Voice and noise run through
    the frames at any phase, so their mean frame is nothing; what remains of it is the pattern. The
    means of two random halves are multiplied, since the square of one mean counts noise as well.
    """

    def __init__(self) -> None:
        super().__init__()
        self.taps: Tensor
        self.register_buffer("taps", band_filters([(LOCK_ABOVE_HZ, SAMPLE_RATE // 2)]))

    def forward(self, made: Tensor) -> Tensor:
        """Power share of the pattern in waveforms [B, N]; about 0 without one, 1 if it is all."""
        high = functional.conv1d(made[:, None], self.taps, padding=self.taps.shape[2] // 2)
        frames = high.reshape(-1, HOP_LENGTH)  # [B x T, hop]
        alike = frames / (frames.norm(dim=1, keepdim=True) + LOCK_FLOOR)
        order = torch.randperm(len(alike), device=made.device)
        first, second = (alike[half].mean(0) for half in order.tensor_split(2))
        shared: Tensor = (first * second).sum()
        return shared


def band_filters(bands_hz: Sequence[tuple[int, int]], reach: int = 48) -> Tensor:
    """Taps of band passes (windowed sinc), [bands, 1, 2 x reach + 1]."""
    places = np.arange(-reach, reach + 1)

    edges = 2 * np.array(bands_hz)[:, :, None] / SAMPLE_RATE  # [bands, 2, 1]
    low_passes = edges * np.sinc(edges * places) * np.hamming(len(places))  # [bands, 2, taps]
    taps = low_passes[:, 1:] - low_passes[:, :1]
    return torch.from_numpy(taps.astype(np.float32))


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
