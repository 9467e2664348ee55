"""Layers that several parts of the acoustic model share.

Letters: B batch, L positions, C channels, H heads, D head width. Everything is [B, L, C].
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

NORM_EPSILON = 1e-6
PRENET_DROPOUT = 0.5


class PointwiseConv(nn.Conv1d):
    """A convolution of kernel 1, computed as a matrix product on [B, L, C] (faster on a CPU)."""

    def __init__(self, in_channels: int, out_channels: int, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, C] -> [B, L, C']."""
        return functional.linear(x, self.weight[:, :, 0], self.bias)


class CentredConv(nn.Conv1d):
    """A convolution over neighbours on [B, L, C], zeros beyond the ends."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=(kernel_size - 1) // 2)

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, C] -> [B, L, C']."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


def convolution(in_channels: int, out_channels: int, kernel_size: int) -> nn.Conv1d:
    """The faster of the two for this kernel size."""
    if kernel_size == 1:
        return PointwiseConv(in_channels, out_channels)
    return CentredConv(in_channels, out_channels, kernel_size)


class Prenet(nn.Module):
    """Rectified layers with dropout, and a last linear one if `out_units` is given."""

    def __init__(self, in_units: int, units: Sequence[int], out_units: int = 0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width, next_width in zip([in_units, *units[:-1]], units, strict=True):
            layers += [nn.Linear(width, next_width), nn.ReLU(), nn.Dropout(PRENET_DROPOUT)]
        if out_units:
            layers.append(nn.Linear(units[-1], out_units))
        self.fcs = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, C] -> [B, L, C']."""
        result: Tensor = self.fcs(x)
        return result


class FeedForward(nn.Module):
    """Normalise, widen, rectify, narrow, add to the input."""

    def __init__(
        self, units: int, inner_units: int, kernels: tuple[int, int], dropout: float, inner: float
    ) -> None:
        super().__init__()
        self.w_1 = convolution(units, inner_units, kernels[0])
        self.w_2 = convolution(inner_units, units, kernels[1])
        self.layer_norm = nn.LayerNorm(units, eps=NORM_EPSILON)
        self.dropout = dropout
        self.inner_dropout = inner

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """[B, L, C] -> [B, L, C]; `valid` [B, L, 1] is 0 where there is no symbol."""
        hidden = self.layer_norm(x)
        if valid is not None:
            # A neighbour beyond the end is zero, in a batch as in a single sentence.
            hidden = hidden * valid
        hidden = functional.dropout(torch.relu(self.w_1(hidden)), self.inner_dropout, self.training)
        return x + functional.dropout(self.w_2(hidden), self.dropout, self.training)


def split_heads(parts: Sequence[Tensor], heads: int) -> list[Tensor]:
    """Each [B, L, H x D] -> [B, H, L, D]."""
    return [x.reshape(x.shape[0], -1, heads, x.shape[2] // heads).transpose(1, 2) for x in parts]


def merge_heads(x: Tensor) -> Tensor:
    """[B, H, L, D] -> [B, L, H x D]."""
    return x.transpose(1, 2).flatten(2)


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float
) -> Tensor:
    """Scaled dot-product attention, [B, H, L, D] -> [B, L, H x D]; `mask` is added to scores."""
    return merge_heads(
        functional.scaled_dot_product_attention(query, key, value, mask, dropout_p=dropout)
    )
