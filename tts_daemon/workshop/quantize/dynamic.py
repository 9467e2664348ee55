"""Dynamic INT8: weights s8, activations u8 by the range of each call; needs no calibration.

Convolutions stay FP32: ONNX Runtime's dynamic ones take five times as long as FP32 (measured on the
vocoder of the embedded voice: 502 ms against 90 ms).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import onnx
import onnxruntime.quantization
from onnxruntime.quantization import QuantType
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from tts_daemon.workshop.quantize.lstm import quantize_lstms
from tts_daemon.workshop.quantize.static import check_weights


def quantize_all(
    models: Mapping[str, onnx.ModelProto],
    exclude: Sequence[str] = (),
    excluded_nodes: Callable[[str], Sequence[str]] = lambda _graph: (),
) -> dict[str, onnx.ModelProto]:
    """Quantise the graphs of a voice; those without anything to quantise come back as they are.

    Args:
        models: Graph name -> FP32 graph.
        exclude: Graphs that stay FP32.
        excluded_nodes: Graph name -> nodes of it that stay FP32.
    """
    made = {}
    for name, model in models.items():
        kinds = {node.op_type for node in model.graph.node}
        wanted = name not in exclude and kinds & {"Gemm", "LSTM"}
        made[name] = quantize(model, excluded_nodes(name)) if wanted else model
    return made


def quantize(model: onnx.ModelProto, exclude: Sequence[str] = ()) -> onnx.ModelProto:
    """Quantise the matrix products and LSTMs of one graph, but those to exclude.

    Raises:
        VoiceError: A weight lies outside -127 ... 127.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    add_pre_process_metadata(copy)  # or it asks for a simplification that these graphs do not need
    with tempfile.TemporaryDirectory(prefix="tts-quantize-") as folder:
        target = Path(folder) / "quantized.onnx"
        onnxruntime.quantization.quantize_dynamic(
            copy,
            target,
            op_types_to_quantize=["MatMul"],
            # The quantiser turns a Gemm into a MatMul of this name first.
            nodes_to_exclude=[f"{node}_MatMul" for node in exclude],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
        quantized = onnx.load(target)
    del quantized.metadata_props[:]
    quantized = quantize_lstms(quantized, exclude)
    check_weights(quantized)
    return quantized
