"""What a package's vocoder graph computes, as the kernels want to be told.

The layers bear the names of the published checkpoints; their padding stands in the windows of the
stream (workshop/export/windows.py) and is read from there.
Letters: O outputs, I inputs, K taps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import VoiceError
from tts_daemon.native.onnx_file import Array, Node, OnnxFile, read

Floats: TypeAlias = NDArray[np.float32]
_CONVOLUTIONS = ("Conv", "QLinearConv")
_ELEMENTWISE = ("LeakyRelu", "QuantizeLinear", "DequantizeLinear", "Tanh")
_EVERYTHING = {
    *_CONVOLUTIONS, *_ELEMENTWISE, "Add", "Cast", "Concat", "Gather", "Identity", "Mul", "Reshape",
    "Sin", "Slice", "Transpose", "Where",
}  # fmt: skip
_SOURCE, _PRE, _POST, _BANK = "source_module.ffn.0", "conv_pre", "conv_post", "pqmf"
_LAST = np.iinfo(np.int64).max


class UnsupportedLayoutError(VoiceError):
    """A graph that only ONNX Runtime plays; says what is unusual."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """One layer.

    Attributes:
        weights: FP32 [O, I, K].
        bias: FP32 [O].
        bytes: INT8 weights [O, I, K]; None for a layer in FP32, as are the next three.
        bytes_step: What 1 means in them [O].
        step: What 1 means in the bytes that it reads.
        zero: The byte that stands for zero there, as unsigned.
        dilation: Places between taps.
        stride: Places between outputs.
        left: Zeros before a stream.
        right: Zeros behind it.
    """

    weights: Floats
    bias: Floats
    bytes: Array | None
    bytes_step: Floats | None
    step: float
    zero: float
    dilation: int
    stride: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A vocoder.

    Attributes:
        scales: Upsampling of each stage.
        blocks: Residual blocks of a stage.
        pairs: Pairs of convolutions of a block.
        harmonics: Sines of the excitation; 0 without one.
        bands: That are merged into one waveform.
        slope: Of the rectifiers.
        final_slope: Of the last one.
        n_mels: Values of a frame.
    """

    scales: tuple[int, ...]
    blocks: int
    pairs: int
    harmonics: int
    bands: int
    slope: float
    final_slope: float
    n_mels: int

    @property
    def hop_length(self) -> int:
        """Samples per mel frame."""
        return prod(self.scales) * self.bands


def read_vocoder(path: Path) -> tuple[Layout, tuple[Convolution, ...]]:
    """The layout of a streaming vocoder graph, and its layers in the order of `vocoder.h`.

    Raises:
        VoiceError: The file is damaged.
        UnsupportedLayoutError: It computes something else.
    """
    try:
        return _LayoutReader(read(path)).vocoder()
    except (KeyError, ValueError, IndexError) as error:
        raise UnsupportedLayoutError(f"{path.name}: unusual at {error}") from error


class _LayoutReader:
    """Follows the nodes of one graph."""

    def __init__(self, file: OnnxFile) -> None:
        self._constants = file.constants
        self._producers = {name: node for node in file.nodes for name in node.outputs}
        self._layers = {node.name: node for node in file.nodes if node.kind in _CONVOLUTIONS}
        unknown = {node.kind for node in file.nodes} - _EVERYTHING
        if unknown:
            raise ValueError(f"operation {min(unknown)}")

    def vocoder(self) -> tuple[Layout, tuple[Convolution, ...]]:
        stages = self._count("upsamples.{}")
        blocks, rest = divmod(self._count("conv_blocks.{}.convs1.0"), stages)
        pairs = self._count("conv_blocks.0.convs1.{}")
        harmonics = self._weights(_SOURCE).shape[1] if _SOURCE in self._layers else 0
        names = list(_names(stages, blocks, pairs, harmonics > 0, _BANK in self._layers))
        if rest or set(names) != set(self._layers):
            raise ValueError("the set of layers")
        layout = Layout(
            tuple(self._scale(stage, blocks) for stage in range(stages)),
            blocks,
            pairs,
            harmonics,
            self._weights(_POST).shape[0],
            self._slope(self._layers["conv_blocks.0.convs1.0"]),
            self._slope(self._layers[_POST]),
            self._weights(_PRE).shape[1],
        )
        return layout, tuple(self._convolution(name) for name in names)

    def _count(self, pattern: str) -> int:
        count = 0
        while pattern.format(count) in self._layers:
            count += 1
        if not count:
            raise ValueError(f"no layer {pattern.format(0)}")
        return count

    def _scale(self, stage: int, blocks: int) -> int:
        made = self._weights(f"upsamples.{stage}").shape[0]
        return int(made // self._weights(f"conv_blocks.{stage * blocks}.convs1.0").shape[1])

    def _weights(self, name: str) -> Array:
        node = self._layers[name]
        return self._constants[node.inputs[3 if node.kind == "QLinearConv" else 1]]

    def _slope(self, node: Node) -> float:
        slopes = [step.reals["alpha"] for step in self._steps(node) if step.kind == "LeakyRelu"]
        return slopes[0]

    def _convolution(self, name: str) -> Convolution:
        node = self._layers[name]
        numbers = {key: node.numbers.get(key, (1,))[0] for key in ("dilations", "strides")}
        left, right = self._padding(node)
        place = numbers["dilations"], numbers["strides"], left, right
        if node.kind == "Conv":
            weights = self._weights(name)
            bias = np.zeros(len(weights), np.float32)
            if len(node.inputs) > 2:
                bias = self._constants[node.inputs[2]]
            return Convolution(weights, bias, None, None, 0.0, 0.0, *place)
        return self._quantized(node, place)

    def _quantized(self, node: Node, place: tuple[int, int, int, int]) -> Convolution:
        step, zero, weights, weight_step, weight_zero = (
            self._constants[name] for name in node.inputs[1:6]
        )
        if weights.dtype != np.int8 or weight_zero.any() or np.any(weights == -128):
            raise ValueError(f"the INT8 weights of {node.name}")
        steps = np.broadcast_to(weight_step.astype(np.float32), len(weights))
        bias = np.zeros(len(weights), np.float32)
        if len(node.inputs) > 8:
            bias = (self._constants[node.inputs[8]] * (steps * np.float32(step))).astype(np.float32)
        plain = weights.astype(np.float32) * steps[:, None, None]
        unsigned = float(zero) + (128 if zero.dtype == np.int8 else 0)
        return Convolution(plain, bias, weights, steps, float(step), unsigned, *place)

    def _steps(self, node: Node) -> Iterator[Node]:
        """What lies between a convolution and its window, the window's Concat last."""
        name = node.inputs[0]
        while (step := self._producers.get(name)) is not None:
            if step.kind not in (*_ELEMENTWISE, "Slice", "Concat", "Transpose"):
                return
            yield step
            if step.kind == "Concat":
                # The rectifier may stand before the window as well as behind it.
                yield from self._before(step)
                return
            name = step.inputs[0]

    def _before(self, window: Node) -> Iterator[Node]:
        for name in window.inputs:
            step = self._producers.get(name)
            while step is not None and step.kind in _ELEMENTWISE:
                yield step
                step = self._producers.get(step.inputs[0])

    def _padding(self, node: Node) -> tuple[int, int]:
        """Zeros before and behind the stream that a convolution reads."""
        left_cut = right_cut = 0
        for step in self._steps(node):
            if step.kind == "Slice":
                left_cut += self._at_edge(step.inputs[1])
                stop = self._at_edge(step.inputs[2])
                right_cut -= 0 if stop == _LAST else stop
            if step.kind == "Concat":
                (axis,) = step.numbers["axis"]
                left, right = (self._zeros(step.inputs[end], axis) for end in (0, -1))
                return left - left_cut, right - right_cut
        return 0, 0

    def _at_edge(self, name: str) -> int:
        """A bound of a slice in the first or the last piece."""
        if name not in self._constants:
            name = self._producers[name].inputs[1]
        return int(self._constants[name][0])

    def _zeros(self, name: str, axis: int) -> int:
        """Places of a window's padding; a slice of a constant."""
        step = self._producers.get(name)
        if step is None or step.kind != "Slice" or step.inputs[0] not in self._constants:
            return 0
        return int(self._constants[step.inputs[0]].shape[axis])


def _names(stages: int, blocks: int, pairs: int, source: bool, bank: bool) -> Iterator[str]:
    if source:
        yield _SOURCE
    yield _PRE
    for stage in range(stages):
        yield f"upsamples.{stage}"
        if source:
            yield f"source_downs.{stage}"
        for block in range(stage * blocks, (stage + 1) * blocks):
            for pair in range(pairs):
                yield f"conv_blocks.{block}.convs1.{pair}"
                yield f"conv_blocks.{block}.convs2.{pair}"
    yield _POST
    if bank:
        yield _BANK
