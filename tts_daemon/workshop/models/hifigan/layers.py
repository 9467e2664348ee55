"""Weight-normalised convolutions under the published parameter names, and how to fuse them.

Source: Salimans and Kingma 2016, "Weight Normalization". A checkpoint stores a direction `weight_v`
and a length `weight_g` per output row; `fuse` turns them into the plain `weight` of inference.
Letters: B batch, C channels, T time steps of the stage.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def _split_weight(module: WeightNormConv1d | WeightNormConvTranspose1d) -> None:
    """Replace the freshly initialised `weight` by its direction and length."""
    weight = module.weight.detach().clone()
    del module._parameters["weight"]
    module.weight_g = nn.Parameter(weight.norm(dim=(1, 2), keepdim=True))
    module.weight_v = nn.Parameter(weight)


def _normalised(direction: Tensor, length: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(direction, dim=(1, 2), keepdim=True)
    return direction * (length / norm)


class WeightNormConv1d(nn.Conv1d):
    """`nn.Conv1d` whose weight is `weight_g * weight_v / |weight_v|`."""

    weight_g: nn.Parameter
    weight_v: nn.Parameter
    padding: tuple[int, ...]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation)
        _split_weight(self)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C', T']."""
        return functional.conv1d(
            x,
            _normalised(self.weight_v, self.weight_g),
            self.bias,
            self.stride,
            self.padding,
            self.dilation,
        )

    def fused(self) -> nn.Conv1d:
        """The same layer with a plain weight."""
        plain = nn.Conv1d(
            self.in_channels,
            self.out_channels,
            self.kernel_size[0],
            self.stride[0],
            self.padding[0],
            self.dilation[0],
        )
        _copy_fused(self, plain)
        return plain


class WeightNormConvTranspose1d(nn.ConvTranspose1d):
    """`nn.ConvTranspose1d` whose weight is `weight_g * weight_v / |weight_v|`."""

    weight_g: nn.Parameter
    weight_v: nn.Parameter
    padding: tuple[int, ...]

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int, padding: int = 0
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding)
        _split_weight(self)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """[B, C, T] -> [B, C', T']; `output_size` is not used."""
        return functional.conv_transpose1d(
            x, _normalised(self.weight_v, self.weight_g), self.bias, self.stride, self.padding
        )

    def fused(self) -> nn.ConvTranspose1d:
        """The same layer with a plain weight."""
        plain = nn.ConvTranspose1d(
            self.in_channels,
            self.out_channels,
            self.kernel_size[0],
            self.stride[0],
            self.padding[0],
        )
        _copy_fused(self, plain)
        return plain


def _copy_fused(
    source: WeightNormConv1d | WeightNormConvTranspose1d, plain: nn.Conv1d | nn.ConvTranspose1d
) -> None:
    with torch.no_grad():
        plain.weight.copy_(_normalised(source.weight_v, source.weight_g))
        if plain.bias is not None and source.bias is not None:
            plain.bias.copy_(source.bias)
    plain.train(source.training)


class PaddedConvolution(nn.Module):
    """A convolution that keeps the length (divided by the stride), centred or looking only back."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        causal: bool,
        stride: int = 1,
        dilation: int = 1,
        padding: int | None = None,
    ) -> None:
        """`padding` is the zeros on each side if not causal; by default half of the kernel."""
        super().__init__()
        span = (kernel_size - 1) * dilation
        centred = span // 2 if padding is None else padding
        self.left = span if causal else 0
        self.conv1d: WeightNormConv1d | nn.Conv1d = WeightNormConv1d(
            in_channels, out_channels, kernel_size, stride, 0 if causal else centred, dilation
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C', T / stride]."""
        if self.left:
            x = functional.pad(x, (self.left, 0))
        result: Tensor = self.conv1d(x)
        return result

    def fuse(self) -> None:
        """Replace the weight-normalised layer by its plain equal."""
        if isinstance(self.conv1d, WeightNormConv1d):
            self.conv1d = self.conv1d.fused()


class TransposedConvolution(nn.Module):
    """A transposed convolution that makes T x stride steps of T."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int, *, causal: bool
    ) -> None:
        super().__init__()
        self.stride = stride
        padding = 0 if causal else (kernel_size - stride) // 2
        self.deconv: WeightNormConvTranspose1d | nn.ConvTranspose1d = WeightNormConvTranspose1d(
            in_channels, out_channels, kernel_size, stride, padding
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C', T x stride]; what the kernel leaves beyond the end is cut off."""
        result: Tensor = self.deconv(x)
        return result[:, :, : x.shape[-1] * self.stride]

    def fuse(self) -> None:
        """Replace the weight-normalised layer by its plain equal."""
        if isinstance(self.deconv, WeightNormConvTranspose1d):
            self.deconv = self.deconv.fused()
