"""What rewriters of graphs share: the order of nodes, which of them live, and writing new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper


class NodeWriter:
    """Collects nodes and the constants that they need; what was written once is not written again.

    Attributes:
        nodes: All nodes, in their order.
        constants: By name.
    """

    def __init__(self, known: Mapping[str, NDArray[np.generic]]) -> None:
        """Take the constants of the graph that is rewritten."""
        self._known = known
        self._written: dict[tuple[object, ...], str] = {}
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def add(self, node: onnx.NodeProto) -> None:
        """Take a node as it is."""
        self.nodes.append(node)

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """The output of a node of this kind."""
        return self.on(inputs[0], helper.make_node(kind, inputs, [""], **attributes))

    def on(self, value: str, node: onnx.NodeProto) -> str:
        """The output of a node like this one, whose first input is another value."""
        inputs = [value, *node.input[1:]]
        attributes = sorted(item.SerializeToString() for item in node.attribute)
        key = (node.op_type, *attributes, *map(self._content, inputs))
        if key not in self._written:
            name = self._written[key] = f"stream_{len(self.nodes)}.{node.op_type.lower()}"
            new = helper.make_node(node.op_type, inputs, [name], name=name)
            new.attribute.extend(node.attribute)
            self.nodes.append(new)
        return self._written[key]

    def _content(self, name: str) -> object:
        """What tells an input from others: of a constant its content, else its name."""
        if name not in self._known:
            return name
        value = self._known[name]
        return value.dtype.str, value.shape, value.tobytes()

    def number(self, value: int) -> str:
        """A constant int64 [1]."""
        return self.filled([1], np.array(value, np.int64))

    def filled(self, shape: list[int], value: NDArray[np.generic]) -> str:
        """A constant that is the same number everywhere."""
        name = f"stream.{value.dtype}.{shape}.{value}"
        self.constants[name] = numpy_helper.from_array(np.full(shape, value, value.dtype), name)
        return name


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


def live_nodes(nodes: Sequence[onnx.NodeProto], outputs: Iterable[str]) -> list[onnx.NodeProto]:
    """Those that the outputs depend on, in their order."""
    wanted, live = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            live.append(node)
            wanted.update(node.input)
    return live[::-1]
