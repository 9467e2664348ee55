"""Rewrites a vocoder graph so that it takes mel piece by piece and computes nothing twice.

A convolution keeps the inputs that its next outputs still need instead of padding, and where two
branches of different reach are added, the faster one waits. What is kept becomes inputs `state_0`,
`state_1`, ... and outputs `state_0_out`, ...; all begin empty. The input `edges` [2] says whether
this piece is the first and whether it is the last: there, and only there, convolutions pad as the
original does, so that all pieces together are the original's waveform.

Works on FP32 graphs and on quantised ones, whose caches then hold INT8.
Letters: C channels, T places of a stream in this piece.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_TIME = 2
_END = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class _Stream:
    """A value that has a place in time.

    Attributes:
        channels: C.
        rate: Places per mel frame.
        late: Places that are still missing of what came in, before the end.
    """

    channels: int
    rate: int
    late: int


@dataclass(frozen=True, slots=True)
class StreamingVocoder:
    """A rewritten graph.

    Attributes:
        model: The graph.
        look_ahead_frames: Mel frames that must have come in before the first sample can leave.
    """

    model: onnx.ModelProto
    look_ahead_frames: int


def make_streaming(model: onnx.ModelProto) -> StreamingVocoder:
    """Rewrite a graph of convolutions and element-wise operations over [1, C, T]."""
    return _Rewriter(model).rewrite()


class _Rewriter:
    """Copies the nodes in their order, and changes those that look beyond their place."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = model
        self._constants = {
            item.name: numpy_helper.to_array(item) for item in model.graph.initializer
        }
        self._producers = {name: node for node in model.graph.node for name in node.output}
        self._streams: dict[str, _Stream] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._new_constants: dict[str, onnx.TensorProto] = {}
        self._shared: dict[str, str] = {}
        self._states: list[tuple[str, int, np.dtype[np.generic]]] = []

    def rewrite(self) -> StreamingVocoder:
        graph = self._model.graph
        hop = self._hop_length()
        for item in graph.input:
            channels = item.type.tensor_type.shape.dim[1].dim_value
            self._streams[item.name] = _Stream(channels, hop if item.name == "source" else 1, 0)
        for node in in_order(self._model):
            self._copy(node)
        late = self._streams[graph.output[0].name].late
        return StreamingVocoder(self._build(), ceil(late / hop))

    def _hop_length(self) -> int:
        """Every upsampling is a reshape [1, s x C, T] -> [s, C, T] (and a transposition)."""
        scales = [self._upsampling(node) for node in self._model.graph.node]
        return int(np.prod(scales))

    def _upsampling(self, node: onnx.NodeProto) -> int:
        if node.op_type != "Reshape":
            return 1
        shape = self._constants[node.input[1]]
        return int(shape[0]) if len(shape) == 3 else 1

    def _copy(self, node: onnx.NodeProto) -> None:
        inputs = [name for name in node.input if name in self._streams]
        if node.op_type == "Conv":
            self._convolution(node)
        elif node.op_type == "Add" and len(inputs) == 2:
            self._addition(node)
        else:
            self._nodes.append(node)
            if inputs:
                stream, scale = self._streams[inputs[0]], self._upsampling(node)
                self._streams[node.output[0]] = _Stream(
                    stream.channels // scale, stream.rate * scale, stream.late * scale
                )

    def _convolution(self, node: onnx.NodeProto) -> None:
        """Replace the padding by a cache."""
        source, stride = self._streams[node.input[0]], _attribute(node, "strides", [1])[0]
        weight = self._weight(node.input[1])
        reach = (weight.shape[_TIME] - 1) * _attribute(node, "dilations", [1])[0]
        left, right = _attribute(node, "pads", [0, 0])
        behind = ceil((reach + 1 - left) / stride) - 1  # outputs that wait for later inputs
        new = onnx.NodeProto()
        new.CopyFrom(node)
        if reach or right:
            new.input[0] = self._cached(node, (left, right), left + behind * stride)
            del new.attribute[:]
            new.attribute.extend(item for item in node.attribute if item.name != "pads")
        self._nodes.append(new)
        self._streams[node.output[0]] = _Stream(
            weight.shape[0], source.rate // stride, source.late // stride + behind
        )

    def _weight(self, name: str) -> NDArray[np.generic]:
        """A constant, or the INT8 constant behind it."""
        if name in self._constants:
            return self._constants[name]
        return self._constants[self._producers[name].input[0]]

    def _cached(self, node: onnx.NodeProto, padding: tuple[int, int], kept: int) -> str:
        """The input of a convolution behind what was kept of the pieces before."""
        name = node.input[0]
        stream, dequantize = self._streams[name], self._producers.get(name)
        if dequantize is None or dequantize.op_type != "DequantizeLinear":
            return self._behind_cache(
                name, stream.channels, padding, kept, np.zeros((), np.float32)
            )
        # The cache holds what the quantised kernel reads; a kernel's own padding is the zero point.
        quantized, scale, zero_point = dequantize.input
        zero = self._constants[zero_point]
        whole = self._behind_cache(quantized, stream.channels, padding, kept, zero)
        return self._op("DequantizeLinear", whole, scale, zero_point, name=f"{node.name}.input")

    def _behind_cache(
        self,
        x: str,
        channels: int,
        padding: tuple[int, int],
        kept: int,
        zero: NDArray[np.generic],
    ) -> str:
        state = self._state(channels, zero.dtype)
        parts = [
            self._padding(0, channels, padding[0], zero),
            state,
            x,
            self._padding(1, channels, padding[1], zero),
        ]
        whole = self._op("Concat", *filter(None, parts), axis=_TIME)
        self._keep(state, whole, kept)
        return whole

    def _addition(self, node: onnx.NodeProto) -> None:
        """Let the branch that is ahead wait for the other."""
        left, right = (self._streams[name] for name in node.input)
        new = onnx.NodeProto()
        new.CopyFrom(node)
        for index, lead in ((0, right.late - left.late), (1, left.late - right.late)):
            if lead > 0:
                new.input[index] = self._delayed(node.input[index], lead)
        self._nodes.append(new)
        self._streams[node.output[0]] = _Stream(
            left.channels, left.rate, max(left.late, right.late)
        )

    def _delayed(self, x: str, places: int) -> str:
        """A stream `places` later; at the end, all of it."""
        state = self._state(self._streams[x].channels, np.dtype(np.float32))
        whole = self._op("Concat", state, x, axis=_TIME)
        self._keep(state, whole, places)
        return self._op("Slice", whole, self._ints(0), self._stop_before(places), self._ints(_TIME))

    def _stop_before(self, places: int) -> str:
        def make() -> str:
            is_last = self._op("Cast", self._edge(1), to=TensorProto.BOOL)
            return self._op("Where", is_last, self._ints(_END), self._ints(-places))

        return self._share(f"stop_{places}", make)

    def _edge(self, index: int) -> str:
        """1 in the first (index 0) or last (1) piece, else 0, [1]."""

        def make() -> str:
            return self._op("Gather", "edges", self._ints(index), axis=0)

        return self._share(f"edge_{index}", make)

    def _padding(self, edge: int, channels: int, places: int, zero: NDArray[np.generic]) -> str:
        """Zeros [1, C, places] at that edge, nothing elsewhere; no name where nothing is padded."""
        if not places:
            return ""

        def make() -> str:
            zeros = self._constant(np.full((1, channels, places), zero, zero.dtype))
            count = self._op("Mul", self._edge(edge), self._ints(places))
            return self._op("Slice", zeros, self._ints(0), count, self._ints(_TIME))

        return self._share(f"pad_{edge}_{channels}_{places}_{zero.dtype}_{int(zero)}", make)

    def _share(self, key: str, make: Callable[[], str]) -> str:
        """Make a value once."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def _state(self, channels: int, kind: np.dtype[np.generic]) -> str:
        name = f"state_{len(self._states)}"
        self._states.append((name, channels, kind))
        return name

    def _keep(self, state: str, x: str, places: int) -> None:
        """The newest places are the next call's state."""
        name = f"{state}_out"
        inputs = [x, self._ints(-places), self._ints(_END), self._ints(_TIME)]
        self._nodes.append(helper.make_node("Slice", inputs, [name], name=name))

    def _op(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        made = name or f"stream_{len(self._nodes)}.{kind.lower()}"
        self._nodes.append(helper.make_node(kind, list(inputs), [made], name=made, **attributes))
        return made

    def _ints(self, *values: int) -> str:
        return self._constant(np.array(values, dtype=np.int64))

    def _constant(self, value: NDArray[np.generic]) -> str:
        name = f"stream.{value.dtype}.{value.shape}.{value.flat[0]}"
        self._new_constants[name] = numpy_helper.from_array(value, name)
        return name

    def _build(self) -> onnx.ModelProto:
        old = self._model.graph
        edges = helper.make_tensor_value_info("edges", TensorProto.INT64, [2])
        graph = helper.make_graph(
            self._live_nodes(),
            old.name,
            [*old.input, edges, *self._state_infos("")],
            [*old.output, *self._state_infos("_out")],
            initializer=[*old.initializer, *self._new_constants.values()],
        )
        model = helper.make_model(
            graph,
            opset_imports=self._model.opset_import,
            ir_version=self._model.ir_version,
            producer_name=self._model.producer_name,
        )
        onnx.checker.check_model(model)
        return model

    def _state_infos(self, suffix: str) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(
                name + suffix, helper.np_dtype_to_tensor_dtype(kind), [1, channels, name + suffix]
            )
            for name, channels, kind in self._states
        ]

    def _live_nodes(self) -> list[onnx.NodeProto]:
        """Without those whose only reader has moved behind a cache."""
        read = {name for node in self._nodes for name in node.input}
        read |= {item.name for item in self._model.graph.output}
        read |= {f"{name}_out" for name, _, _ in self._states}
        return [node for node in self._nodes if read.intersection(node.output)]


def in_order(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes, each one behind those that it reads from; a quantiser may leave them otherwise."""
    producers = {name: node for node in model.graph.node for name in node.output}
    ordered: list[onnx.NodeProto] = []
    placed: set[str] = set()
    waiting = list(reversed(model.graph.node))
    while waiting:
        node = waiting[-1]
        if node.output[0] in placed:
            waiting.pop()
            continue
        before = [producers[name] for name in node.input if name in producers]
        missing = [other for other in before if other.output[0] not in placed]
        if missing:
            waiting.extend(missing)
            continue
        waiting.pop()
        ordered.append(node)
        placed.add(node.output[0])
    return ordered


def _attribute(node: onnx.NodeProto, name: str, default: list[int]) -> list[int]:
    for item in node.attribute:
        if item.name == name:
            return list(item.ints)
    return default
