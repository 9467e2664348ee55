"""Static INT8 by ONNX Runtime's quantiser: u8 activations, s8 weights per channel, real ranges."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import create_calibrator
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.quant_utils import save_and_reload_model_with_shape_infer

from tts_daemon.errors import VoiceError
from tts_daemon.workshop.measure.graph_player import Feeds

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
        op_types: Kinds of nodes to quantise.
    """

    exclude: tuple[str, ...] = ()
    op_types: tuple[str, ...] = OP_TYPES


class _FeedsReader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    def __init__(self, feeds: Sequence[Feeds]) -> None:
        self._runs: Iterator[Feeds] = iter(feeds)

    def get_next(self) -> Feeds | None:
        """The next run's inputs; None at the end."""
        return next(self._runs, None)


class StaticQuantizer:
    """Calibrates one graph once; then quantises it with any choice of nodes."""

    def __init__(
        self,
        model: onnx.ModelProto,
        feeds: Sequence[Feeds],
        op_types: Sequence[str] = OP_TYPES,
    ) -> None:
        """Run the FP32 graph over real inputs and note the range of every value."""
        self._model = model
        self._op_types = list(op_types)
        self._ranges = _ranges(model, feeds, self._op_types)
        self.nodes = quantized_nodes(model, op_types)

    def build(self, exclude: Sequence[str] = (), only: Sequence[str] = ()) -> onnx.ModelProto:
        """Quantise all nodes but `exclude`, or `only` some.

        Raises:
            VoiceError: A weight lies outside -127 ... 127, or no such node exists.
        """
        for name in (*exclude, *only):
            if name not in self.nodes:
                raise VoiceError(f"{self._model.graph.name}: no node {name!r} to exclude")
        quantizer = QDQQuantizer(
            _with_shapes(self._model),
            True,  # per channel
            False,  # reduce range
            QuantType.QInt8,
            QuantType.QUInt8,
            self._ranges,
            list(only),
            list(exclude),
            self._op_types,
            {
                # A matrix product's result goes into FP32 additions: no need to round it as well.
                "OpTypesToExcludeOutputQuantization": ["Gemm", "MatMul"],
            },
        )
        quantizer.quantize_model()
        quantized = _copy(quantizer.model.model)
        del quantized.metadata_props[:]
        del quantized.graph.value_info[:]
        check_weights(quantized)
        return quantized


def quantize(
    model: onnx.ModelProto, feeds: Sequence[Feeds], options: StaticOptions | None = None
) -> onnx.ModelProto:
    """Quantise one graph.

    Args:
        model: The FP32 graph.
        feeds: Inputs of real runs.
        options: Which nodes.

    Raises:
        VoiceError: A weight lies outside -127 ... 127, or a node to exclude does not exist.
    """
    options = options or StaticOptions()
    return StaticQuantizer(model, feeds, options.op_types).build(options.exclude)


def _ranges(model: onnx.ModelProto, feeds: Sequence[Feeds], op_types: list[str]) -> Any:
    with tempfile.TemporaryDirectory(prefix="tts-quantize-") as folder:
        source = Path(folder) / "model.onnx"
        onnx.save(model, source)
        calibrator = create_calibrator(
            source,
            op_types,
            augmented_model_path=str(Path(folder) / "augmented.onnx"),
            calibrate_method=CalibrationMethod.MinMax,
        )
        calibrator.collect_data(_FeedsReader(feeds))
        return calibrator.compute_data()


def _with_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy (the quantiser changes what it is given) with the kinds of all values filled in."""
    result: onnx.ModelProto = save_and_reload_model_with_shape_infer(_copy(model))
    return result


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
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
