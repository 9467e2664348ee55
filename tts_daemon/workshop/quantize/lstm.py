"""LSTM layers in INT8: weights s8 per tensor, activations u8 by the range of each call.

The static quantiser leaves LSTMs alone. ONNX Runtime has a kernel for them whose activations find
their range at run time; it halves their time and quarters their weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

DOMAIN = "com.microsoft"


def lstm_nodes(model: onnx.ModelProto) -> list[str]:
    """Names of the LSTMs of a graph."""
    return [node.name for node in model.graph.node if node.op_type == "LSTM"]


def quantize_lstms(model: onnx.ModelProto, exclude: Sequence[str] = ()) -> onnx.ModelProto:
    """A copy of a graph whose LSTMs, but those to exclude, have INT8 weights."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    constants = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    nodes, replaced = [], set()
    for node in result.graph.node:
        if node.op_type != "LSTM" or node.name in exclude:
            nodes.append(node)
            continue
        made, added = _quantized(node, constants)
        nodes.append(made)
        result.graph.initializer.extend(added)
        replaced |= set(node.input[1:3])
    if not replaced:
        return model
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    kept = [item for item in result.graph.initializer if item.name not in replaced]
    del result.graph.initializer[:]
    result.graph.initializer.extend(kept)
    if DOMAIN not in {item.domain for item in result.opset_import}:
        result.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    return result


def _quantized(
    node: onnx.NodeProto, constants: dict[str, NDArray[np.generic]]
) -> tuple[onnx.NodeProto, list[onnx.TensorProto]]:
    """The INT8 node, and its constants."""
    inputs = [*node.input, *([""] * (8 - len(node.input)))]
    added = []
    for index, part in ((1, "input"), (2, "recurrence")):
        name = f"{node.name}.{part}"
        # The kernel wants [directions, in, 4 x units].
        weight = constants[node.input[index]].transpose(0, 2, 1)
        scale = np.abs(weight).max(axis=(1, 2)) / 127  # per direction
        scale = np.maximum(scale, np.finfo(np.float32).tiny).astype(np.float32)
        quantized = np.rint(weight / scale[:, None, None]).astype(np.int8)
        for suffix, value in (
            ("weight", quantized),
            ("scale", scale),
            ("zero", np.zeros(len(scale), np.int8)),
        ):
            added.append(numpy_helper.from_array(np.ascontiguousarray(value), f"{name}.{suffix}"))
        inputs[index] = f"{name}.weight"
        inputs += [f"{name}.scale", f"{name}.zero"]
    attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
    made = helper.make_node(
        "DynamicQuantizeLSTM",
        inputs,
        list(node.output),
        name=node.name,
        domain=DOMAIN,
        **attributes,
    )
    return made, added
