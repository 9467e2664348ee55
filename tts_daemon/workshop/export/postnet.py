"""The `postnet_fsmn` and `postnet_lstm` graphs: frames in pieces, with state passed in and out.

Letters: S frames of this call, C values a frame, R what one layer looks ahead (right).
"""

from __future__ import annotations

from typing import cast

import onnx

from tts_daemon.workshop.export.blocks import fsmn_memory, lstm
from tts_daemon.workshop.export.builder import LAST, GraphBuilder
from tts_daemon.workshop.export.encoder import fsmn_feed_forward
from tts_daemon.workshop.models.sambert import Sambert
from tts_daemon.workshop.models.sambert.fsmn import FsmnFeedForward


def postnet_fsmn_graph(model: Sambert) -> onnx.ModelProto:
    """Write the graph. Each layer delays its output by R frames: what it must see first."""
    config, fsmn = model.config, model.mel_postnet.fsmn
    layers, units = config.postnet_fsmn_num_layers, config.postnet_num_memory_units
    left, right = fsmn.blocks[0].left, fsmn.blocks[0].right
    graph = GraphBuilder("postnet_fsmn")
    frames = graph.input("frames", [1, "frames", config.num_mels])
    valid = graph.reshape(graph.input("valid", [1, "frames_and_delay", 1]), -1, 1)
    contexts = _per_layer(graph, "contexts", layers, left + right, units)
    residuals = _per_layer(graph, "residuals", layers, right, units)
    x, width = graph.reshape(frames, -1, config.num_mels), config.num_mels
    for index, block in enumerate(fsmn.blocks):
        feed_forward = cast("FsmnFeedForward", fsmn.ffn_lst[index])
        context = fsmn_feed_forward(graph, feed_forward, x, f"fsmn.ffn_lst.{index}")
        here = graph.slice(valid, (layers - index) * right, -index * right or LAST, axis=0)
        seen = graph.concat([contexts[index], graph.op("Mul", context, here)], axis=0)
        name = f"fsmn.memory_block_lst.{index}.conv_dw"
        centre = graph.slice(seen, left, -right or LAST, axis=0)
        output = graph.add(fsmn_memory(graph, seen, block, name), centre)
        contexts[index] = graph.slice(seen, -left - right, LAST, axis=0)
        if width == units:
            delayed = graph.concat([residuals[index], x], axis=0)
            output = graph.add(output, graph.slice(delayed, 0, -right or LAST, axis=0))
            if right:
                residuals[index] = graph.slice(delayed, -right, LAST, axis=0)
        x, width = output, units
    graph.output("hidden", graph.op("Unsqueeze", x, graph.ints(0)), [1, "frames", units])
    for name, parts, length in (
        ("contexts_out", contexts, left + right),
        ("residuals_out", residuals, right),
    ):
        outer = graph.ints(0, 1)
        stacked = graph.concat([graph.op("Unsqueeze", part, outer) for part in parts], axis=0)
        graph.output(name, stacked, [layers, 1, length, units])
    return graph.build()


def _per_layer(graph: GraphBuilder, name: str, layers: int, length: int, units: int) -> list[str]:
    """[layers, 1, length, units] -> a [length, units] per layer."""
    stacked = graph.input(name, [layers, 1, length, units])
    outer = graph.ints(0, 1)
    return [graph.op("Squeeze", part, outer) for part in graph.split(stacked, layers, axis=0)]


def postnet_lstm_graph(model: Sambert) -> onnx.ModelProto:
    """Write the graph: hidden and the decoder's frames -> refined frames."""
    config, postnet = model.config, model.mel_postnet
    units, state_units = config.postnet_num_memory_units, config.postnet_lstm_units
    graph = GraphBuilder("postnet_lstm")
    hidden = graph.input("hidden", [1, "frames", units])
    frames = graph.input("frames", [1, "frames", config.num_mels])
    state = (
        graph.input("state_hidden", [1, 1, state_units]),
        graph.input("state_cell", [1, 1, state_units]),
    )
    by_time = graph.reshape(hidden, -1, 1, units)
    output, new_hidden, new_cell = lstm(graph, by_time, postnet.lstm, "lstm", state)
    correction = graph.linear(output, postnet.fc, "fc")
    refined = graph.add(frames, graph.op("Unsqueeze", correction, graph.ints(0)))
    graph.output("refined", refined, [1, "frames", config.num_mels])
    graph.output("state_hidden_out", new_hidden, [1, 1, state_units])
    graph.output("state_cell_out", new_cell, [1, 1, state_units])
    return graph.build()
