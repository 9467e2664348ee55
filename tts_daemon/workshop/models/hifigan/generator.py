"""The generator: mel (and excitation) -> waveform.

Source: Kong et al. 2020, "HiFi-GAN", as changed in the published voices: each stage adds a
nearest-neighbour branch to the transposed convolution and starts from x + sin(x); NSF variants add
an excitation.
Letters: B batch, C channels, T frames, H harmonics, N samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tts_daemon.workshop.models.hifigan.layers import (
    PaddedConvolution,
    TransposedConvolution,
    WeightNormConv1d,
)
from tts_daemon.workshop.models.hifigan.params import GeneratorParams
from tts_daemon.workshop.models.hifigan.pqmf import SynthesisBank

FINAL_SLOPE = 0.01
"""The last rectifier was published with torch's default slope, unlike all others."""


class ResidualBlock(nn.Module):
    """Pairs of a dilated and an undilated convolution, each pair around a residual connection."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...], causal: bool):
        super().__init__()
        self.convs1 = nn.ModuleList(
            PaddedConvolution(channels, channels, kernel_size, causal=causal, dilation=dilation)
            for dilation in dilations
        )
        self.convs2 = nn.ModuleList(
            PaddedConvolution(channels, channels, kernel_size, causal=causal) for _ in dilations
        )

    def forward(self, x: Tensor, slope: float) -> Tensor:
        """[B, C, T] -> [B, C, T]."""
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            hidden = dilated(functional.leaky_relu(x, slope))
            x = x + plain(functional.leaky_relu(hidden, slope))
        return x


class SourceModule(nn.Module):
    """Merges the harmonics into one excitation signal, [B, H, N] -> [B, 1, N]."""

    def __init__(self, harmonics: int) -> None:
        super().__init__()
        self.ffn = nn.Sequential(WeightNormConv1d(harmonics, 1, 1), nn.Tanh())

    def forward(self, source: Tensor) -> Tensor:
        """Weighted sum of the harmonics, then tanh."""
        merged: Tensor = self.ffn(source)
        return merged

    def fuse(self) -> None:
        """Replace the weight-normalised layer by its plain equal."""
        layer = self.ffn[0]
        if isinstance(layer, WeightNormConv1d):
            self.ffn[0] = layer.fused()


class Generator(nn.Module):
    """Every published vocoder: causal or not, with an excitation or not, one band or four.

    Parameter names are those of the checkpoints (weight-normalised: `weight_g`, `weight_v`), so
    that loading is strict. Trainable as it is; call `fuse_weight_norm` once before inference.
    """

    def __init__(self, params: GeneratorParams | Mapping[str, Any]) -> None:
        """Take checked parameters, or `Model.Generator.params` of a published configuration."""
        super().__init__()
        if not isinstance(params, GeneratorParams):
            params = GeneratorParams.from_config(params)
        self.params = params
        widths = [params.channels // 2**i for i in range(len(params.upsample_scales) + 1)]
        self.transpose_upsamples = nn.ModuleList()
        self.repeat_upsamples = nn.ModuleList()
        self.conv_blocks = nn.ModuleList()
        for stage in range(len(params.upsample_scales)):
            self._add_stage(stage, widths[stage], widths[stage + 1])
        kernel, causal = params.kernel_size, params.causal
        self.conv_pre = PaddedConvolution(params.in_channels, widths[0], kernel, causal=causal)
        self.conv_post = PaddedConvolution(widths[-1], params.out_channels, kernel, causal=causal)
        if params.harmonics:
            self.source_module = SourceModule(params.harmonics)
            self.source_downs = nn.ModuleList(self._source_downs(widths))
        self.synthesis_bank = (
            SynthesisBank(params.out_channels) if params.out_channels > 1 else None
        )

    def _add_stage(self, stage: int, width: int, next_width: int) -> None:
        params = self.params
        scale, causal = params.upsample_scales[stage], params.causal
        kernel = params.upsample_kernels[stage]
        # The parameterless places keep the published numbering (".1." and ".2.").
        self.transpose_upsamples.append(
            nn.Sequential(
                nn.Identity(),
                TransposedConvolution(width, next_width, kernel, scale, causal=causal),
            )
        )
        self.repeat_upsamples.append(
            nn.Sequential(
                nn.Upsample(scale_factor=scale, mode="nearest"),
                nn.Identity(),
                PaddedConvolution(width, next_width, params.kernel_size, causal=causal),
            )
        )
        for size, dilations in zip(params.resblock_kernels, params.resblock_dilations, strict=True):
            self.conv_blocks.append(ResidualBlock(next_width, size, dilations, causal))

    def _source_downs(self, widths: list[int]) -> list[PaddedConvolution]:
        """Convolutions that bring the excitation down to the rate of each stage, or band."""
        scales = self.params.upsample_scales
        layers = []
        for stage, width in enumerate(widths[1:]):
            down = prod(scales[stage + 1 :]) * self.params.out_channels
            layers.append(
                PaddedConvolution(1, width, 1, causal=False)
                if down == 1
                else PaddedConvolution(
                    1, width, 2 * down, causal=self.params.causal, stride=down, padding=down // 2
                )
            )
        return layers

    def forward(self, mel: Tensor, source: Tensor | None = None) -> Tensor:
        """Make the waveform.

        Args:
            mel: [B, n_mels, T].
            source: Sines of `sine_excitation` [B, H, N]; None for a voice without an excitation.

        Returns:
            [B, 1, N], -1 to 1 (with four bands: about that).
        """
        excitation = self.source_module(source) if self.params.harmonics else None  # [B, 1, N]
        x = self.conv_pre(mel)
        for stage in range(len(self.params.upsample_scales)):
            x = self._stage(stage, x, excitation)
        x = self.conv_post(functional.leaky_relu(x, FINAL_SLOPE))
        waveform = torch.tanh(x)
        if self.synthesis_bank is not None:
            waveform = self.synthesis_bank(waveform)
        return waveform

    def _stage(self, stage: int, x: Tensor, excitation: Tensor | None) -> Tensor:
        """[B, C, T] -> [B, C / 2, T x scale]."""
        slope = self.params.slope
        # Rectifying before the nearest-neighbour upsampling gives the same values for less work.
        x = functional.leaky_relu(x + torch.sin(x), slope)
        x = self.transpose_upsamples[stage](x) + self.repeat_upsamples[stage](x)
        if excitation is not None:
            x = x + self.source_downs[stage](excitation)
        count = len(self.params.resblock_kernels)
        blocks = self.conv_blocks[stage * count : (stage + 1) * count]
        total = blocks[0](x, slope)
        for block in blocks[1:]:
            total = total + block(x, slope)
        result: Tensor = total / count
        return result

    def fuse_weight_norm(self) -> Generator:
        """Replace every weight-normalised layer by its plain equal, in place; returns self."""
        for module in list(self.modules()):
            if isinstance(module, PaddedConvolution | TransposedConvolution | SourceModule):
                module.fuse()
        return self
