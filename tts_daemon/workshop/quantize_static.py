"""Static INT8 by ONNX Runtime's quantiser: u8 activations, s8 weights per channel, real ranges."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from tts_daemon.errors import VoiceError
from tts_daemon.workshop.graph_player import Feeds

OP_TYPES = ("Conv", "Gemm")
"""All products with weights. Products of activations (attention) are small, and stay FP32."""
NEVER = ("duration",)
"""Graphs that stay FP32: their errors would accumulate, and they cost next to nothing."""
LOWEST = -127
"""Weights of -128 overflow the 16-bit sums of processors without a dot product."""


@dataclass(frozen=True, slots=True)
class StaticOptions:
    """How one graph is quantised.

    Attributes:
        exclude: Names of nodes that stay FP32.
        method: `minmax`, `entropy` or `percentile`.
        op_types: Kinds of nodes to quantise.
    """

    exclude: tuple[str, ...] = ()
    method: str = "minmax"
    op_types: tuple[str, ...] = OP_TYPES


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    def __init__(self, feeds: Sequence[Feeds]) -> None:
        self._runs: Iterator[Feeds] = iter(feeds)

    def get_next(self) -> Feeds | None:
        """The next run's inputs; None at the end."""
        return next(self._runs, None)


_METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}


def quantize(
    model: onnx.ModelProto, feeds: Sequence[Feeds], options: StaticOptions | None = None
) -> onnx.ModelProto:
    """Quantise one graph.

    Args:
        model: The FP32 graph.
        feeds: Inputs of real runs.
        options: Which nodes, and how.

    Raises:
        VoiceError: A weight lies outside -127 ... 127.
    """
    options = options or StaticOptions()
    with tempfile.TemporaryDirectory(prefix="tts-quantize-") as folder:
        target = Path(folder) / "quantized.onnx"
        quantize_static(
            _copy(model),
            str(target),
            _Reader(feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(options.op_types),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=list(options.exclude),
            calibrate_method=_METHODS[options.method],
            extra_options={
                # A matrix product's result goes into FP32 additions: no need to round it as well.
                "OpTypesToExcludeOutputQuantization": ["Gemm", "MatMul"],
            },
        )
        quantized = onnx.load(target)
    del quantized.metadata_props[:]
    check_weights(quantized)
    return quantized


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    """The quantiser changes the model that it is given."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    # Or it warns at every call that the graph was not simplified; there is nothing to simplify.
    add_pre_process_metadata(copy)
    return copy


def check_weights(model: onnx.ModelProto) -> None:
    """Assert that every INT8 weight is at least -127.

    Raises:
        VoiceError: One is not; names it.
    """
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.INT8:
            continue
        lowest = int(numpy_helper.to_array(weight).min(initial=0))
        if lowest < LOWEST:
            raise VoiceError(f"{weight.name}: weight {lowest}, but the lowest allowed is {LOWEST}")


def quantized_nodes(model: onnx.ModelProto, op_types: Sequence[str] = OP_TYPES) -> list[str]:
    """Names of the nodes that quantisation would touch, in the order of the graph."""
    return [node.name for node in model.graph.node if node.op_type in op_types]
