"""The `vocoder` graph: mel (and sines) -> waveform, with convolutions only.

Both upsampling branches of a stage are linear and read the same input, so together they are one
filter for each place between two input steps: an ordinary convolution makes all places as
channels, and a transposition puts them in a row. That saves most of the repeat branch's work and
leaves no transposed convolution, for which the runtime has no INT8 kernel.
Letters: C channels, T time steps of a stage, s upsampling factor.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from tts_daemon.workshop.export.builder import GraphBuilder, array
from tts_daemon.workshop.models.hifigan import Generator
from tts_daemon.workshop.models.hifigan.generator import FINAL_SLOPE, ResidualBlock
from tts_daemon.workshop.models.hifigan.layers import PaddedConvolution

_REACH = 4
"""Input steps on each side in which an upsampling filter is looked for."""
_BANK_REACH = 10
"""The same for the filters that merge subbands."""


def vocoder_graph(generator: Generator) -> onnx.ModelProto:
    """Write the graph of a generator whose weight normalisation is fused."""
    params = generator.params
    graph = GraphBuilder("vocoder")
    mel = graph.input("mel", [1, params.in_channels, "frames"])
    excitation = ""
    if params.harmonics:
        source = graph.input("source", [1, params.harmonics, "samples"])
        layer = cast("nn.Conv1d", generator.source_module.ffn[0])
        merged = graph.conv(source, array(layer.weight), _bias(layer), "source_module.ffn.0")
        excitation = graph.op("Tanh", merged)
    x = _convolution(graph, mel, generator.conv_pre, "conv_pre")
    for stage in range(len(params.upsample_scales)):
        x = _stage(graph, generator, stage, x, excitation)
    x = graph.op("LeakyRelu", x, alpha=FINAL_SLOPE)
    x = graph.op("Tanh", _convolution(graph, x, generator.conv_post, "conv_post"))
    if generator.synthesis_bank is not None:
        bands = params.out_channels
        x = _upsample(graph, x, polyphase([generator.synthesis_bank], bands, bands, _BANK_REACH))
    graph.output("waveform", graph.reshape(x, 1, -1), [1, "samples"])
    return graph.build()


def _stage(graph: GraphBuilder, generator: Generator, stage: int, x: str, excitation: str) -> str:
    """[1, C, T] -> [1, C / 2, T x s]."""
    params = generator.params
    x = graph.op("LeakyRelu", graph.add(x, graph.op("Sin", x)), alpha=params.slope)
    branches = [generator.transpose_upsamples[stage], generator.repeat_upsamples[stage]]
    scale, channels = params.upsample_scales[stage], params.channels // 2**stage
    x = _upsample(graph, x, polyphase(branches, scale, channels), f"upsamples.{stage}")
    if excitation:
        down = cast("PaddedConvolution", generator.source_downs[stage])
        x = graph.add(x, _convolution(graph, excitation, down, f"source_downs.{stage}"))
    count = len(params.resblock_kernels)
    outputs = [
        _residual_block(
            graph,
            x,
            cast("ResidualBlock", generator.conv_blocks[index]),
            params.slope,
            f"conv_blocks.{index}",
        )
        for index in range(stage * count, (stage + 1) * count)
    ]
    mean = graph.constant(np.array(1 / count, dtype=np.float32))
    return graph.op("Mul", graph.add(*outputs), mean)


def _residual_block(
    graph: GraphBuilder, x: str, block: ResidualBlock, slope: float, name: str
) -> str:
    for index, pair in enumerate(zip(block.convs1, block.convs2, strict=True)):
        hidden = x
        for part, layer in zip(("convs1", "convs2"), pair, strict=True):
            hidden = graph.op("LeakyRelu", hidden, alpha=slope)
            hidden = _convolution(
                graph, hidden, cast("PaddedConvolution", layer), f"{name}.{part}.{index}"
            )
        x = graph.add(x, hidden)
    return x


def _convolution(graph: GraphBuilder, x: str, layer: PaddedConvolution, name: str) -> str:
    conv = layer.conv1d
    padding = int(conv.padding[0])
    return graph.conv(
        x,
        array(conv.weight),
        _bias(conv),
        name,
        strides=list(conv.stride),
        dilations=list(conv.dilation),
        pads=[layer.left or padding, 0 if layer.left else padding],
    )


def _bias(layer: nn.Conv1d) -> NDArray[np.float32] | None:
    return None if layer.bias is None else array(layer.bias)


@dataclass(frozen=True, slots=True)
class Polyphase:
    """An upsampling filter as an ordinary convolution that makes all places between two steps.

    Attributes:
        weight: [s x C', C, taps], place by place.
        bias: [s x C'].
        reach: Steps that the convolution sees to the left and to the right.
        scale: s.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    reach: tuple[int, int]
    scale: int


@torch.no_grad()
def polyphase(
    branches: list[nn.Module], scale: int, channels: int, reach: int = _REACH
) -> Polyphase:
    """Measure what the sum of some linear upsampling branches does to an impulse.

    Args:
        branches: Modules [B, C, T] -> [B, C', T x s].
        scale: s.
        channels: C.
        reach: Steps on each side in which the filter is looked for.
    """
    length = 2 * reach + 1
    impulses = torch.zeros(channels, channels, length, dtype=torch.float64)
    impulses[:, :, reach] = torch.eye(channels)
    exact = [copy.deepcopy(branch).double() for branch in branches]
    offset = torch.stack([branch(impulses[:1] * 0) for branch in exact]).sum(0)  # [1, C', T x s]
    response = torch.stack([branch(impulses) for branch in exact]).sum(0) - offset
    bias = offset[0, :, reach * scale]  # [C']
    # What step q + d adds to the places of step q stands d steps before the impulse's own.
    taps = response.reshape(channels, len(bias), length, scale).flip(2)  # [C, C', reach + d, place]
    weight = taps.permute(3, 1, 0, 2).reshape(scale * len(bias), channels, length)
    used = weight.abs().amax(dim=(0, 1)).nonzero().flatten()
    first, last = int(used[0]), int(used[-1])
    trimmed = weight[:, :, first : last + 1]
    return Polyphase(
        array(trimmed), array(bias.repeat(scale)), (reach - first, last - reach), scale
    )


def _upsample(graph: GraphBuilder, x: str, upsampling: Polyphase, name: str = "pqmf") -> str:
    """[1, C, T] -> [1, C', T x s]."""
    places = graph.conv(
        x, upsampling.weight, upsampling.bias, name, pads=list(upsampling.reach)
    )  # [1, s x C', T]
    width = len(upsampling.bias) // upsampling.scale
    places = graph.reshape(places, upsampling.scale, width, -1)
    return graph.reshape(graph.transpose(places, 1, 2, 0), 1, width, -1)
