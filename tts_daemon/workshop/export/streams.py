"""When each value of a streaming vocoder is there, and when those that read it want it.

A convolution cannot make its newest outputs before later inputs have come: values are late, the
later the more convolutions they have behind them. Where two branches of different reach are added,
the faster one has to wait. It waits where both begin, since what came before is kept there anyway:
every value comes as late as the output allows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from math import ceil, prod

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from tts_daemon.workshop.export.nodes import in_order

TIME = 2
"""The axis of a stream [1, channels, places]."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A value that has a place in time.

    Attributes:
        channels: Values of one place.
        rate: Places per mel frame.
        late: Places that are still missing of what came in, before the end.
    """

    channels: int
    rate: int
    late: int


@dataclass(frozen=True, slots=True)
class View:
    """What a node sees of the stream that it reads, in places.

    Attributes:
        span: From the first to the last that one output needs.
        stride: From one output to the next.
        left: Zeros before the first place.
        right: Zeros behind the last one.
    """

    span: int = 0
    stride: int = 1
    left: int = 0
    right: int = 0

    @property
    def behind(self) -> int:
        """Outputs that wait for later inputs."""
        return ceil((self.span + 1 - self.left) / self.stride) - 1

    def wanted(self, late: int) -> int:
        """How late the input may be for an output that is `late`."""
        return self.stride * (late + 1) + self.left - self.span - 1


class Timetable:
    """The streams of a graph of convolutions and element-wise operations.

    Attributes:
        nodes: In an order in which they can be computed.
        constants: By name.
        producers: Value -> the node that makes it.
        readers: Value -> the nodes that read it.
        hop_length: Samples per mel frame.
        streams: Value -> its place in time.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        """Follow the streams from the inputs to the output, and their lateness back."""
        self.nodes = in_order(model)
        self.constants = {
            item.name: numpy_helper.to_array(item) for item in model.graph.initializer
        }
        self.producers = {name: node for node in self.nodes for name in node.output}
        self.readers: defaultdict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self.readers[name].append(node)
        self.hop_length = prod(self._upsampling(node) for node in self.nodes)
        self.streams: dict[str, Stream] = {}
        for item in model.graph.input:
            channels = item.type.tensor_type.shape.dim[1].dim_value
            rate = self.hop_length if item.name == "source" else 1
            self.streams[item.name] = Stream(channels, rate, 0)
        for node in self.nodes:
            self._follow(node)
        self._delay(model.graph.output[0].name)

    def inputs(self, node: onnx.NodeProto) -> list[str]:
        """The streams that a node reads."""
        return [name for name in node.input if name in self.streams]

    def view(self, node: onnx.NodeProto) -> View:
        """What a node sees of each of them."""
        if node.op_type != "Conv":
            return View()
        span = (self._weight(node).shape[TIME] - 1) * _attribute(node, "dilations", [1])[0]
        left, right = _attribute(node, "pads", [0, 0])
        return View(span, _attribute(node, "strides", [1])[0], left, right)

    def wait(self, node: onnx.NodeProto, name: str) -> int:
        """By how many places a node reads a stream later than it comes."""
        late = self.streams[node.output[0]].late // self._upsampling(node)
        return self.view(node).wanted(late) - self.streams[name].late

    def _weight(self, node: onnx.NodeProto) -> NDArray[np.generic]:
        """A constant, or the INT8 constant behind it."""
        name = node.input[1]
        return self.constants[name if name in self.constants else self.producers[name].input[0]]

    def _upsampling(self, node: onnx.NodeProto) -> int:
        """Every upsampling is a reshape [1, s x C, T] -> [s, C, T] (and a transposition)."""
        if node.op_type != "Reshape":
            return 1
        shape = self.constants[node.input[1]]
        return int(shape[0]) if len(shape) == 3 else 1

    def _follow(self, node: onnx.NodeProto) -> None:
        """The stream that a node makes, as early as its inputs allow."""
        inputs = [self.streams[name] for name in self.inputs(node)]
        if not inputs:
            return
        view, scale = self.view(node), self._upsampling(node)
        channels = inputs[0].channels // scale
        if node.op_type == "Conv":
            channels = self._weight(node).shape[0]
        late = max(stream.late for stream in inputs) // view.stride + view.behind
        rate = inputs[0].rate * scale // view.stride
        self.streams[node.output[0]] = Stream(channels, rate, late * scale)

    def _delay(self, output: str) -> None:
        """Let every value come as late as the output allows."""
        wanted: defaultdict[str, list[int]] = defaultdict(list)
        wanted[output].append(self.streams[output].late)
        before_forks = self._before_forks()
        for node in reversed(self.nodes):
            name, scale = node.output[0], self._upsampling(node)
            if not wanted[name]:
                continue
            if name not in before_forks:
                late = min(wanted[name]) // scale * scale
                self.streams[name] = replace(self.streams[name], late=late)
            view, late = self.view(node), self.streams[name].late // scale
            for value in self.inputs(node):
                wanted[value].append(view.wanted(late))

    def _before_forks(self) -> set[str]:
        """Values between an input and the first fork: to wait at the fork is soon enough."""
        found = {name for name in self.streams if name not in self.producers}
        for node in self.nodes:
            inputs = self.inputs(node)
            if inputs and all(n in found and len(self.readers[n]) == 1 for n in inputs):
                found.add(node.output[0])
        return found


def _attribute(node: onnx.NodeProto, name: str, default: list[int]) -> list[int]:
    for item in node.attribute:
        if item.name == name:
            return list(item.ints)
    return default
