"""A small writer of ONNX graphs.

The graphs are written node by node instead of traced: they stay free of the shape arithmetic that
tracing leaves behind, their nodes bear the names of the checkpoint's layers (which the quantiser's
exclusions use), and no exporter has to be installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 17
# onnxruntime 1.20, the oldest supported, reads this version of the file format.
IR_VERSION = 10

Dim = int | str
LAST = np.iinfo(np.int64).max


def array(value: Tensor) -> NDArray[np.float32]:
    """A parameter as numpy."""
    return np.ascontiguousarray(value.detach().cpu().numpy(), dtype=np.float32)


class GraphBuilder:
    """Collects nodes; every method adds some and returns the name of the value they make."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._shared: dict[tuple[object, ...], str] = {}
        self._count = 0

    def input(self, name: str, shape: Sequence[Dim], integer: bool = False) -> str:
        """Declare an input, float32 or int64; dimensions that vary are names."""
        kind = TensorProto.INT64 if integer else TensorProto.FLOAT
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def output(self, name: str, value: str, shape: Sequence[Dim]) -> None:
        """Declare an output, float32."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"output.{name}"))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))

    def constant(self, value: NDArray[np.generic], name: str = "") -> str:
        """A constant; unnamed ones with the same content are shared."""
        if not name:
            content = (value.dtype.str, value.shape, value.tobytes())
            name = self._shared.setdefault(content, f"constant.{len(self._shared)}")
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def ints(self, *values: int) -> str:
        """A constant int64 vector."""
        return self.constant(np.array(values, dtype=np.int64))

    def op(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """One node with one output."""
        return self.ops(kind, 1, *inputs, name=name, **attributes)[0]

    def ops(
        self, kind: str, outputs: int, *inputs: str, name: str = "", **attributes: Any
    ) -> list[str]:
        """One node with several outputs."""
        self._count += 1
        name = name or f"{kind.lower()}_{self._count}"
        made = [f"{name}:{index}" for index in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), made, name=name, **attributes))
        return made

    def reshape(self, x: str, *shape: int) -> str:
        """0 keeps a dimension, -1 takes what is left."""
        return self.op("Reshape", x, self.ints(*shape))

    def transpose(self, x: str, *order: int) -> str:
        """Permute the dimensions."""
        return self.op("Transpose", x, perm=list(order))

    def slice(self, x: str, start: int, stop: int, axis: int) -> str:
        """x[start:stop] along one axis; `LAST` as the stop means the end."""
        return self.op("Slice", x, self.ints(start), self.ints(stop), self.ints(axis))

    def split(self, x: str, parts: int, axis: int) -> list[str]:
        """Equal parts. The slices of one part each keep their dimension."""
        if parts == 1:
            return [x]
        name = f"split_{self._count + 1}"
        return self.ops("Split", parts, x, name=name, axis=axis)

    def concat(self, parts: Sequence[str], axis: int) -> str:
        """Side by side."""
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=axis)

    def add(self, *terms: str) -> str:
        """The sum of two or more."""
        total = terms[0]
        for term in terms[1:]:
            total = self.op("Add", total, term)
        return total

    def gemm(
        self,
        x: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32] | None,
        name: str,
    ) -> str:
        """x [rows, in] times weight [out, in] transposed, plus bias [out]."""
        inputs = [x, self.constant(weight.T, f"{name}.weight")]
        if bias is not None:
            inputs.append(self.constant(bias, f"{name}.bias"))
        return self.op("Gemm", *inputs, name=name)

    def linear(self, x: str, layer: nn.Linear | nn.Conv1d, name: str) -> str:
        """A linear layer, or a convolution of kernel 1, on [rows, in]."""
        weight = array(layer.weight)
        bias = None if layer.bias is None else array(layer.bias)
        return self.gemm(x, weight.reshape(weight.shape[0], -1), bias, name)

    def layer_norm(self, x: str, layer: nn.LayerNorm, name: str) -> str:
        """Normalise the last dimension."""
        weight = self.constant(array(layer.weight), f"{name}.weight")
        bias = self.constant(array(layer.bias), f"{name}.bias")
        return self.op("LayerNormalization", x, weight, bias, name=name, axis=-1, epsilon=layer.eps)

    def conv(
        self,
        x: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32] | None,
        name: str,
        **attributes: Any,
    ) -> str:
        """A convolution over [1, in, time]."""
        inputs = [x, self.constant(weight, f"{name}.weight")]
        if bias is not None:
            inputs.append(self.constant(bias, f"{name}.bias"))
        return self.op("Conv", *inputs, name=name, kernel_shape=[weight.shape[-1]], **attributes)

    def build(self) -> onnx.ModelProto:
        """The checked model."""
        graph = helper.make_graph(
            self._nodes,
            self.name,
            self._inputs,
            self._outputs,
            initializer=list(self._constants.values()),
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="tts-daemon",
        )
        onnx.checker.check_model(model, full_check=True)
        return model
