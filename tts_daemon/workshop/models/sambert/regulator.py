"""The length regulator: text vectors -> one vector a frame, with the position inside its symbol.

Letters: B batch, L symbols, T frames, C channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def round_half_up(durations: Tensor) -> Tensor:
    """Frames per symbol, whole."""
    return (durations + 0.5).long()


def frame_symbols(counts: Tensor, total: int) -> tuple[Tensor, Tensor, Tensor]:
    """Which symbol each frame belongs to.

    Args:
        counts: Whole frames per symbol [B, L].
        total: T, at least the largest sum of `counts`.

    Returns:
        Index of the symbol, position inside the symbol from 1, and 1 where the frame exists
        (beyond, index and position are 0), each int64 [B, T].
    """
    ends = counts.cumsum(dim=1)  # [B, L]
    frames = torch.arange(total, device=counts.device).expand(counts.shape[0], -1).contiguous()
    exists = frames < ends[:, -1:]
    index = torch.searchsorted(ends, frames, right=True) * exists
    start = (ends - counts).gather(1, index)
    return index, (frames - start + 1) * exists, exists.long()


def repeat(x: Tensor, index: Tensor, exists: Tensor) -> Tensor:
    """[B, L, C] -> [B, T, C]: the vector of each frame's symbol, zero where there is no frame."""
    gathered = x.gather(1, index[:, :, None].expand(-1, -1, x.shape[2]))
    return gathered * exists[:, :, None].to(x.dtype)


class DurationPosition(nn.Module):
    """Sines (even channels) and cosines (odd channels) of the position inside a symbol."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        pairs = torch.arange(channels, dtype=torch.float64) // 2
        self.inv_timescales = nn.Parameter(
            (10000.0 ** (2 * pairs / channels)).float(), requires_grad=False
        )

    def forward(self, position: Tensor) -> Tensor:
        """[B, T] -> [B, T, C]."""
        angle = position[:, :, None] / self.inv_timescales
        return torch.stack([angle[:, :, 0::2].sin(), angle[:, :, 1::2].cos()], -1).flatten(2)


def pad_frames(x: Tensor, multiple: int) -> Tensor:
    """Zeros after the end of [B, T, C], so that T is a multiple."""
    return functional.pad(x, (0, 0, 0, -x.shape[1] % multiple))
