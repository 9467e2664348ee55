"""Small discriminators, cheap enough for one CPU core beside the generator that they judge.

Sources: Kong et al. 2020, "HiFi-GAN" (periods); Jang et al. 2021, "UnivNet" (spectrograms). Here
the spectrogram's bins are channels of one-dimensional convolutions, a tenth of the work.
Letters: B batch, N samples.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from tts_daemon.workshop.training.vocoder.losses import magnitude

SLOPE = 0.1


class PeriodDiscriminator(nn.Module):
    """Looks at the waveform folded into rows of `period` samples."""

    def __init__(self, period: int, channels: tuple[int, ...] = (16, 32, 64, 64)) -> None:
        super().__init__()
        self.period = period
        widths = (1, *channels)
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0))) for a, b in pairwise(widths)
        )
        self.last = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), 1, (1, 0)))

    def forward(self, waveform: Tensor) -> tuple[Tensor, list[Tensor]]:
        """[B, N] -> scores and hidden layers."""
        short = -waveform.shape[1] % self.period
        folded = functional.pad(waveform[:, None], (0, short), mode="reflect")
        x = folded.reshape(len(folded), 1, -1, self.period)  # [B, 1, N / period, period]
        hidden = []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), SLOPE)
            hidden.append(x)
        return self.last(x), hidden


class SpectrumDiscriminator(nn.Module):
    """Looks at log magnitudes, a frame's bins as channels, in bands with weights of their own."""

    def __init__(self, n_fft: int, hop_length: int, width: int = 96, bands: int = 4) -> None:
        super().__init__()
        self.n_fft, self.hop_length = n_fft, hop_length
        self.register_buffer("window", torch.hann_window(n_fft))
        bins = n_fft // 2 // bands * bands
        self.bins = bins
        self.first = weight_norm(nn.Conv1d(bins, width, 5, padding=2, groups=bands))
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation))
            for dilation in (1, 2)
        )
        self.last = weight_norm(nn.Conv1d(width, bands, 3, padding=1))

    def forward(self, waveform: Tensor) -> tuple[Tensor, list[Tensor]]:
        """[B, N] -> scores and hidden layers."""
        spectrum = magnitude(waveform, self.n_fft, self.hop_length, self.get_buffer("window"))
        x = functional.leaky_relu(self.first(torch.log(spectrum[:, : self.bins] + 1e-3)), SLOPE)
        hidden = [x]
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), SLOPE)
            hidden.append(x)
        return self.last(x), hidden


class Discriminators(nn.Module):
    """Three periods and three resolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(
            [
                *(PeriodDiscriminator(period) for period in (2, 3, 5, 7)),
                *(SpectrumDiscriminator(n, h) for n, h in ((256, 64), (512, 128), (1024, 256))),
            ]
        )

    def forward(self, waveform: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        """[B, N] -> every part's scores and hidden layers."""
        results = [part(waveform) for part in self.parts]
        return [score for score, _ in results], [hidden for _, hidden in results]
