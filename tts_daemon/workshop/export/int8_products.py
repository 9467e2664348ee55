"""Writes the quantised matrix products of a graph as one node each.

Left to itself ONNX Runtime makes `QGemm` of them, which works out the scales of all columns in each
call, slowly: 6 % of the decoder's step, which has a single row (docs/decisions/0003).
`MatMulIntegerToFloat` makes the same numbers, but for the last bit, without that.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tts_daemon.workshop.export.nodes import in_order, live_nodes

EXACT_BIAS = "bias_DequantizeLinear.exact"
"""Behind the name of a product: its bias, in FP32."""

_DOMAIN, _PRODUCT = "com.microsoft", "MatMulIntegerToFloat"


def int8_products(model: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrite a graph that the quantiser made; one without such products stays as it is."""
    producers = {name: node for node in model.graph.node for name in node.output}
    constants = {item.name: item for item in model.graph.initializer}
    nodes = []
    for node in in_order(model):
        sources = [producers.get(name) for name in node.input]
        known = [item for item in sources if item and item.op_type == "DequantizeLinear"]
        if node.op_type == "Gemm" and len(known) == len(sources):
            x, weight, *biases = known
            exact = [_dequantized(bias, constants, f"{node.name}.{EXACT_BIAS}") for bias in biases]
            constants |= {item.name: item for item in exact}
            node = _product(node, x, weight, [item.name for item in exact])
        nodes.append(node)
    if all(node.op_type != _PRODUCT for node in nodes):
        return model
    return _build(model, nodes, constants)


def _product(
    node: onnx.NodeProto, x: onnx.NodeProto, weight: onnx.NodeProto, biases: list[str]
) -> onnx.NodeProto:
    pairs = zip(x.input, weight.input, strict=True)  # values, scales, zero points
    return helper.make_node(
        _PRODUCT,
        [*(name for pair in pairs for name in pair), *biases],
        node.output,
        name=node.name,
        domain=_DOMAIN,
    )


def _dequantized(
    node: onnx.NodeProto, constants: dict[str, onnx.TensorProto], name: str
) -> onnx.TensorProto:
    """A bias, which the quantiser keeps in the scale of the sums, in FP32."""
    value, scale = (numpy_helper.to_array(constants[name]) for name in node.input[:2])
    return numpy_helper.from_array((value * scale).astype(np.float32), name)


def _build(
    model: onnx.ModelProto, nodes: list[onnx.NodeProto], constants: dict[str, onnx.TensorProto]
) -> onnx.ModelProto:
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    del graph.node[:], graph.initializer[:]
    graph.node.extend(live_nodes(nodes, [item.name for item in graph.output]))
    read = {name for node in graph.node for name in node.input}
    graph.initializer.extend(item for name, item in constants.items() if name in read)
    if _DOMAIN not in {item.domain for item in result.opset_import}:
        result.opset_import.append(helper.make_opsetid(_DOMAIN, 1))
    return result
