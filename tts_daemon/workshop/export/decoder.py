"""The `memory` and `decoder` graphs: what runs once per sentence, and what runs at each step."""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
import onnx
from numpy.typing import NDArray
from torch import nn

from tts_daemon.workshop.export.blocks import attention, heads, scaled_query
from tts_daemon.workshop.export.builder import GraphBuilder, array
from tts_daemon.workshop.models.sambert import Sambert
from tts_daemon.workshop.models.sambert.decoder import PncaBlock


def memory_graph(model: Sambert) -> onnx.ModelProto:
    """Write the graph: memory -> the steps' input, and keys and values of all layers."""
    config, decoder = model.config, model.decoder
    units, count = config.decoder_num_units, config.decoder_num_heads
    layers, width = config.decoder_num_layers, units // count
    graph = GraphBuilder("memory")
    memory = graph.input("memory", [1, "steps", config.memory_units])
    rows = graph.reshape(memory, -1, config.memory_units)
    scale = np.float32(decoder.scale)
    step_input = graph.gemm(
        rows,
        array(decoder.dec_in_proj.weight[:, : config.memory_units]) * scale,
        array(decoder.dec_in_proj.bias) * scale,
        "dec_in_proj.memory",
    )
    weight = np.concatenate([array(block.pnca_attn.w_h_kv.weight) for block in decoder.blocks])
    bias = np.concatenate([array(block.pnca_attn.w_h_kv.bias) for block in decoder.blocks])
    projected = graph.reshape(
        graph.gemm(rows, weight, bias, "pnca.w_h_kv"), -1, layers, 2, count, width
    )
    keys, values = graph.split(graph.transpose(projected, 2, 1, 3, 0, 4), 2, axis=0)
    graph.output(
        "step_input", graph.op("Unsqueeze", step_input, graph.ints(0)), [1, "steps", units]
    )
    for name, value in (("memory_keys", keys), ("memory_values", values)):
        graph.output(
            name, graph.op("Squeeze", value, graph.ints(0)), [layers, count, "steps", width]
        )
    return graph.build()


def decoder_graph(model: Sambert) -> onnx.ModelProto:
    """Write the graph of some steps (in autoregressive voices: one)."""
    config = model.config
    units, count = config.decoder_num_units, config.decoder_num_heads
    layers, width = config.decoder_num_layers, units // count
    graph = GraphBuilder("decoder")
    previous = graph.input("previous_frames", [1, "steps", config.num_mels])
    step_input = graph.input("step_input", [1, "steps", units])
    past = [
        graph.split(graph.input(name, [layers, count, "past", width]), layers, axis=0)
        for name in ("self_keys", "self_values")
    ]
    past_mask = graph.input("self_mask", ["steps", "past_and_steps"])
    memory = [
        graph.split(graph.input(name, [layers, count, "view", width]), layers, axis=0)
        for name in ("memory_keys", "memory_values")
    ]
    memory_mask = graph.input("memory_mask", ["steps", "view"])
    x = graph.add(graph.reshape(step_input, -1, units), _prenet(graph, model, previous))
    # A step is short enough for the number of its nodes to count.
    one_row = config.autoregressive
    attend = partial(attention, one_row=one_row)
    new: list[tuple[str, str]] = []
    for layer, block in enumerate(model.decoder.blocks):
        name = f"pnca.{layer}"
        hidden = graph.layer_norm(x, block.pnca_attn.layer_norm, f"{name}.pnca_attn.layer_norm")
        weight, bias = scaled_query(block.pnca_attn.w_x_qkv, width)
        qkv = graph.gemm(hidden, weight, bias, f"{name}.pnca_attn.w_x_qkv")
        query, key, value = heads(graph, qkv, 3, count, width, one_row=one_row)
        keys = graph.concat([past[0][layer], key], axis=2)
        values = graph.concat([past[1][layer], value], axis=2)
        mixed = [
            attend(graph, query, keys, values, past_mask, units),
            attend(graph, query, memory[0][layer], memory[1][layer], memory_mask, units),
        ]
        x = _after_attention(graph, block, x, mixed, name)
        new.append((key, value))
    x = graph.layer_norm(x, model.decoder.ln, "mel_dec.ln")
    frames = graph.linear(x, model.decoder.dec_out_proj, "dec_out_proj")
    graph.output(
        "frames", graph.reshape(frames, 1, -1, config.num_mels), [1, "frames", config.num_mels]
    )
    for index, name in enumerate(("new_keys", "new_values")):
        stacked = graph.concat([pair[index] for pair in new], axis=0)
        graph.output(name, stacked, [layers, count, "steps", width])
    return graph.build()


def _prenet(graph: GraphBuilder, model: Sambert, previous: str) -> str:
    """The previous frame's part of the step input [S, units]."""
    config, decoder = model.config, model.decoder
    # The prenet's last layer and the projection after it are one matrix product.
    last = cast("nn.Linear", decoder.prenet.fcs[-1])
    projection = array(decoder.dec_in_proj.weight[:, config.memory_units :]) * decoder.scale
    weight = (projection @ array(last.weight)).astype(np.float32)
    bias = (projection @ array(last.bias)).astype(np.float32)
    if not config.autoregressive:
        return graph.constant(_constant_prenet(decoder.prenet.fcs, weight, bias), "prenet")
    x = graph.reshape(previous, -1, config.num_mels)
    for index in range(len(config.decoder_prenet_units)):
        layer = cast("nn.Linear", decoder.prenet.fcs[3 * index])
        x = graph.op("Relu", graph.linear(x, layer, f"prenet.fcs.{3 * index}"))
    return graph.gemm(x, weight, bias, "dec_in_proj.prenet")


def _constant_prenet(
    layers: nn.Sequential, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What a prenet makes of a frame of zeros, [1, units]."""
    hidden = np.zeros((1, cast("nn.Linear", layers[0]).in_features), dtype=np.float32)
    for layer in list(layers)[:-1]:
        if isinstance(layer, nn.Linear):
            hidden = np.maximum(hidden @ array(layer.weight).T + array(layer.bias), 0)
    return np.asarray(hidden @ weight.T + bias, dtype=np.float32)


def _after_attention(
    graph: GraphBuilder, block: PncaBlock, x: str, mixed: list[str], name: str
) -> str:
    """Project both attentions, add, feed forward, add: [S, units]."""
    attn, ffn = block.pnca_attn, block.pos_ffn
    output = graph.gemm(
        graph.concat(mixed, axis=1),
        np.concatenate([array(attn.fc_x.weight), array(attn.fc_h.weight)], axis=1),
        array(attn.fc_x.bias + attn.fc_h.bias),
        f"{name}.pnca_attn.fc",
    )
    x = graph.add(x, output)
    hidden = graph.layer_norm(x, ffn.layer_norm, f"{name}.pos_ffn.layer_norm")
    hidden = graph.op("Relu", graph.linear(hidden, ffn.w_1, f"{name}.pos_ffn.w_1"))
    return graph.add(x, graph.linear(hidden, ffn.w_2, f"{name}.pos_ffn.w_2"))
