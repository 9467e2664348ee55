"""Rewrites a vocoder graph so that it takes mel piece by piece and computes nothing twice.

A convolution keeps the inputs that its next outputs still need instead of padding, and where two
branches of different reach are added, the faster one waits. What is kept becomes inputs `state_0`,
`state_1`, ... and outputs `state_0_out`, ...; all begin empty. The input `edges` [2] says whether
this piece is the first and whether it is the last: there, and only there, convolutions pad as the
original does, so that all pieces together are the original's waveform.

Works on FP32 graphs and on quantised ones; what nobody but INT8 convolutions reads is kept as INT8.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import onnx
from onnx import TensorProto, helper

from tts_daemon.workshop.export.nodes import NodeWriter, live_nodes
from tts_daemon.workshop.export.streams import Timetable
from tts_daemon.workshop.export.window_nodes import StreamState, WindowWriter
from tts_daemon.workshop.export.windows import Windows


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
    times = Timetable(model)
    windows, writer = Windows(times), NodeWriter(times.constants)
    reader = WindowWriter(times, windows, writer)
    for node in times.nodes:
        if node.output[0] not in windows.inside:
            inputs = [
                reader.read(node, name) if name in times.streams else name for name in node.input
            ]
            writer.add(_copy(node, inputs))
    late = times.streams[model.graph.output[0].name].late
    return StreamingVocoder(_build(model, writer, reader.states), ceil(late / times.hop_length))


def _copy(node: onnx.NodeProto, inputs: list[str]) -> onnx.NodeProto:
    """A node with other inputs; its padding is in them."""
    new = helper.make_node(node.op_type, inputs, node.output, name=node.name, domain=node.domain)
    new.attribute.extend(item for item in node.attribute if item.name != "pads")
    return new


def _build(old: onnx.ModelProto, writer: NodeWriter, states: list[StreamState]) -> onnx.ModelProto:
    edges = helper.make_tensor_value_info("edges", TensorProto.INT64, [2])
    outputs = [*old.graph.output, *_infos(states, "_out")]
    graph = helper.make_graph(
        live_nodes(writer.nodes, [item.name for item in outputs]),
        old.graph.name,
        [*old.graph.input, edges, *_infos(states, "")],
        outputs,
        initializer=[*old.graph.initializer, *writer.constants.values()],
    )
    model = helper.make_model(
        graph,
        opset_imports=old.opset_import,
        ir_version=old.ir_version,
        producer_name=old.producer_name,
    )
    onnx.checker.check_model(model)
    return model


def _infos(states: list[StreamState], suffix: str) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(
            state.name + suffix,
            helper.np_dtype_to_tensor_dtype(state.kind),
            [1, state.channels, state.name + suffix],
        )
        for state in states
    ]
