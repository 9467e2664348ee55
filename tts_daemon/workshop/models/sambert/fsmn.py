"""Feed-forward layers with a depthwise memory of their neighbours.

Source: Zhang et al. 2018, "Deep-FSMN for large vocabulary continuous speech recognition".
Letters: B batch, L positions, C channels.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tts_daemon.workshop.models.sambert.layers import PointwiseConv


class FsmnFeedForward(nn.Module):
    """Widen, rectify, narrow; the narrowing has no bias."""

    def __init__(self, in_units: int, inner_units: int, out_units: int, dropout: float) -> None:
        super().__init__()
        self.w_1 = PointwiseConv(in_units, inner_units)
        self.w_2 = PointwiseConv(inner_units, out_units, bias=False)
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, C] -> [B, L, C']."""
        hidden = functional.dropout(torch.relu(self.w_1(x)), self.dropout, self.training)
        result: Tensor = self.w_2(hidden)
        return result


class MemoryBlock(nn.Module):
    """A filter per channel over the neighbours, added to the input."""

    def __init__(self, units: int, taps: int, shift: int, dropout: float) -> None:
        """`shift` moves the filter into the past; it sees `left` and `right` places beside it."""
        super().__init__()
        self.left = round((taps - 1) / 2) + shift
        self.right = (taps - 1) // 2 - shift
        self.conv_dw = nn.Conv1d(units, units, taps, groups=units, bias=False)
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, C] -> [B, L, C]."""
        padded = functional.pad(x.transpose(1, 2), (self.left, self.right))
        output = self.conv_dw(padded).transpose(1, 2) + x
        return functional.dropout(output, self.dropout, self.training)


class Fsmn(nn.Module):
    """Alternating feed-forward layers and memories."""

    def __init__(
        self,
        in_units: int,
        units: int,
        inner_units: int,
        *,
        layers: int,
        taps: int,
        shift: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        widths = [in_units] + [units] * (layers - 1)
        self.ffn_lst = nn.ModuleList(
            FsmnFeedForward(width, inner_units, units, dropout) for width in widths
        )
        self.memory_block_lst = nn.ModuleList(
            MemoryBlock(units, taps, shift, dropout) for _ in widths
        )
        self.residual = [width == units for width in widths]

    @property
    def blocks(self) -> list[MemoryBlock]:
        """The memories, first to last."""
        return cast("list[MemoryBlock]", list(self.memory_block_lst))

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """[B, L, C] -> [B, L, C']; `valid` [B, L, 1] is 0 beyond the end of a sentence."""
        x = functional.dropout(x, self.dropout, self.training)
        layers = zip(self.ffn_lst, self.memory_block_lst, self.residual, strict=True)
        for feed_forward, memory_block, residual in layers:
            context = feed_forward(x)
            memory = memory_block(context if valid is None else context * valid)
            memory = functional.dropout(memory, self.dropout, self.training)
            x = memory + x if residual else memory
        return x if valid is None else x * valid
