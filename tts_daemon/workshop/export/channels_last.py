"""Rewrites a quantised streaming vocoder to hold its values as [1, T, C], time before channels.

ONNX Runtime's INT8 convolution works in that order, and turns every value around before and after
each layer where a graph has the standard order. Here the graph is in that order throughout, with
the runtime's own convolution (`com.microsoft.QLinearConv`, `channels_last`): the same numbers, bit
for bit, for a fifth less work. Keeping and joining pieces along time is one copy, too.
Letters: T places of a stream in this piece, C channels, s upsampling factor.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from tts_daemon.workshop.export.nodes import live_nodes

_DOMAIN = "com.microsoft"
_OLD_TIME, _NEW_TIME = 2, 1


def channels_last(model: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrite a graph of `make_streaming`; one without an INT8 convolution stays as it is.

    The inputs `mel` and `source` keep their order; the states change theirs.
    """
    rewriter = _Rewriter(model)
    return rewriter.rewrite() if any(map(rewriter.is_quantized, model.graph.node)) else model


def _readers(model: onnx.ModelProto) -> dict[str, list[onnx.NodeProto]]:
    readers = defaultdict(list)
    for node in model.graph.node:
        for name in node.input:
            readers[name].append(node)
    return readers


class _Rewriter:
    """Copies the nodes in their order, and turns those around that know of an order."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = model
        self._constants = {
            item.name: numpy_helper.to_array(item) for item in model.graph.initializer
        }
        self._producers = {name: node for node in model.graph.node for name in node.output}
        self._readers = _readers(model)
        self._nodes: list[onnx.NodeProto] = []
        self._new_constants: dict[str, onnx.TensorProto] = {}
        self._renamed: dict[str, str] = {}
        self._done: set[str] = set()

    def rewrite(self) -> onnx.ModelProto:
        for item in self._model.graph.input:
            if item.name in ("mel", "source"):
                turned = f"{item.name}.turned"
                self._add(helper.make_node("Transpose", [item.name], [turned], perm=[0, 2, 1]))
                self._renamed[item.name] = turned
        for node in self._model.graph.node:
            if node.output[0] not in self._done:
                self._copy(node)
        return self._build()

    def _copy(self, node: onnx.NodeProto) -> None:
        new = onnx.NodeProto()
        new.CopyFrom(node)
        if self.is_quantized(node):
            new = self._quantized_convolution(node)
        elif node.op_type == "Conv":
            new = self._plain_convolution(new)
        elif node.op_type == "Concat":
            self._turn_concat(new)
        elif node.op_type == "Slice":
            self._turn_slice(new)
        elif node.op_type == "Reshape" and len(self._constants[node.input[1]]) == 3:
            self._turn_upsampling(node, new)
        self._add(new)

    def _add(self, node: onnx.NodeProto) -> None:
        for index, name in enumerate(node.input):
            node.input[index] = self._renamed.get(name, name)
        self._nodes.append(node)

    def is_quantized(self, node: onnx.NodeProto) -> bool:
        """Whether it is a convolution that reads and writes INT8."""
        if node.op_type != "Conv":
            return False
        before = [self._producers.get(name) for name in node.input]
        after = [reader.op_type for reader in self._readers[node.output[0]]]
        return after == ["QuantizeLinear"] and all(
            other is not None and other.op_type == "DequantizeLinear" for other in before
        )

    def _plain_convolution(self, node: onnx.NodeProto) -> onnx.NodeProto:
        """One that stays FP32 knows the standard order only: turned before and after."""
        turned = f"{node.name}.turned"
        self._add(helper.make_node("Transpose", [node.input[0]], [turned], perm=[0, 2, 1]))
        node.input[0] = turned
        (name,) = node.output
        node.output[0] = f"{name}.turned"
        self._add(node)
        return helper.make_node("Transpose", [node.output[0]], [name], perm=[0, 2, 1])

    def _quantized_convolution(self, node: onnx.NodeProto) -> onnx.NodeProto:
        """Dequantise, convolve, quantise: one node of the runtime."""
        x, weight, *bias = (self._producers[name] for name in node.input)
        (quantize,) = self._readers[node.output[0]]
        self._done.add(quantize.output[0])
        inputs = [*x.input[:3], *weight.input[:3], *quantize.input[1:3]]
        new = helper.make_node(
            "QLinearConv",
            [*inputs, *(item.input[0] for item in bias)],
            [quantize.output[0]],
            name=node.name,
            domain=_DOMAIN,
            channels_last=1,
        )
        new.attribute.extend(node.attribute)
        return new

    def _turn_concat(self, node: onnx.NodeProto) -> None:
        for item in node.attribute:
            if item.name == "axis" and item.i == _OLD_TIME:
                item.i = _NEW_TIME

    def _turn_slice(self, node: onnx.NodeProto) -> None:
        """Slices of time; what is cut out of may be a constant (padding)."""
        axis = self._constants[node.input[3]]
        if list(axis) != [_OLD_TIME]:
            return
        node.input[3] = self._constant(np.array([_NEW_TIME], np.int64))
        if node.input[0] in self._constants:
            node.input[0] = self._constant(self._constants[node.input[0]].transpose(0, 2, 1))

    def _turn_upsampling(self, node: onnx.NodeProto, new: onnx.NodeProto) -> None:
        """[1, T, s x C] holds the places in their order already: [1, T x s, C]."""
        _, channels, _ = self._constants[node.input[1]]
        new.input[1] = self._constant(np.array([1, -1, channels], np.int64))
        (transpose,) = self._readers[node.output[0]]
        (reshape,) = self._readers[transpose.output[0]]
        self._done.update((transpose.output[0], reshape.output[0]))
        self._renamed[reshape.output[0]] = node.output[0]

    def _constant(self, value: NDArray[np.generic]) -> str:
        value = np.ascontiguousarray(value)
        digest = hashlib.sha256(value.tobytes()).hexdigest()[:16]
        name = f"turned.{value.dtype}.{value.shape}.{digest}"
        self._new_constants[name] = numpy_helper.from_array(value, name)
        return name

    def _build(self) -> onnx.ModelProto:
        old = self._model.graph
        # Without what only the replaced nodes read (dequantised weights, for one).
        nodes = live_nodes(self._nodes, [item.name for item in old.output])
        read = {name for node in nodes for name in node.input}
        constants = [*old.initializer, *self._new_constants.values()]
        graph = helper.make_graph(
            nodes,
            old.name,
            [self._turned_info(item) for item in old.input],
            [self._turned_info(item) for item in old.output],
            initializer=[item for item in constants if item.name in read],
        )
        return helper.make_model(
            graph,
            opset_imports=[*self._model.opset_import, helper.make_opsetid(_DOMAIN, 1)],
            ir_version=self._model.ir_version,
            producer_name=self._model.producer_name,
        )

    def _turned_info(self, item: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
        if not item.name.startswith("state_"):
            return item
        kind = item.type.tensor_type
        _, channels, places = kind.shape.dim
        shape = [1, places.dim_param, channels.dim_value]
        return helper.make_tensor_value_info(item.name, kind.elem_type, shape)
