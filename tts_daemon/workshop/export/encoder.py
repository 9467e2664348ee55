"""The `encoder` graph: symbols, emotion and speaker -> text, condition, pitch, energy."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import onnx
from numpy.typing import NDArray
from torch import Tensor

from tts_daemon.workshop.export.blocks import (
    attention,
    fsmn_memory,
    heads,
    lstm,
    neighbours,
    scaled_query,
)
from tts_daemon.workshop.export.builder import GraphBuilder, array
from tts_daemon.workshop.models.sambert import Sambert
from tts_daemon.workshop.models.sambert.encoder import EncoderBlock, position_table
from tts_daemon.workshop.models.sambert.fsmn import Fsmn, FsmnFeedForward
from tts_daemon.workshop.models.sambert.variance import ContourPredictor


def encoder_graph(model: Sambert, speaker_table: NDArray[np.float32]) -> onnx.ModelProto:
    """Write the graph; `speaker_table` [K, units] holds the speakers, or the one embedding."""
    config = model.config
    graph = GraphBuilder("encoder")
    symbols = graph.input("symbols", [1, "symbols", 4], integer=True)
    emotion = graph.input("emotion", [1, "symbols", config.tables.emotion])
    speaker = graph.input("speaker", [1, "symbols", speaker_table.shape[0]])
    text = _text(graph, model, graph.reshape(symbols, -1, 4))  # [L, P]
    condition = graph.concat(
        [
            _mix(graph, speaker, speaker_table, "spk_tokenizer"),
            _mix(graph, emotion, array(model.emo_tokenizer.weight), "emo_tokenizer"),
        ],
        axis=1,
    )  # [L, G]
    known = graph.concat([text, condition], axis=1)
    adaptor = model.variance_adaptor
    contours = {
        "pitch": _contour(graph, known, adaptor.pitch_predictor, "pitch_predictor"),
        "energy": _contour(graph, known, adaptor.energy_predictor, "energy_predictor"),
    }
    first = graph.ints(0)
    width = config.encoder_projection_units
    graph.output("text", graph.op("Unsqueeze", text, first), [1, "symbols", width])
    graph.output(
        "condition",
        graph.op("Unsqueeze", condition, first),
        [1, "symbols", config.condition_units],
    )
    for name, contour in contours.items():
        graph.output(name, graph.reshape(contour, 1, -1), [1, "symbols"])
    return graph.build()


def _mix(graph: GraphBuilder, weights: str, table: NDArray[np.float32], name: str) -> str:
    """Mixing weights [1, L, rows] -> mixed rows [L, C]. Never quantised: a table is no layer."""
    rows = graph.reshape(weights, -1, table.shape[0])
    return graph.op("MatMul", rows, graph.constant(table, f"{name}.weight"), name=name)


def _text(graph: GraphBuilder, model: Sambert, symbols: str) -> str:
    encoder = model.text_encoder
    config = model.config
    scale = math.sqrt(config.encoder_num_units)
    tables = (encoder.sy_emb, encoder.tone_emb, encoder.syllable_flag_emb, encoder.ws_emb)
    names = ("sy_emb", "tone_emb", "syllable_flag_emb", "ws_emb")
    fields = graph.split(symbols, len(tables), axis=1)
    embedded = [
        graph.op(
            "Gather",
            graph.constant(array(table.weight) * np.float32(scale), f"{name}.weight"),
            graph.reshape(ids, -1),
        )
        for ids, table, name in zip(fields, tables, names, strict=True)
    ]
    x = graph.add(*embedded, _positions(graph, model))
    for index, block in enumerate(encoder.ling_enc.fft):
        x = _block(graph, cast("EncoderBlock", block), x, model, f"fft.{index}")
    x = graph.layer_norm(x, encoder.ling_enc.ln, "ling_enc.ln")
    return graph.linear(x, encoder.ling_proj, "ling_proj")


def _positions(graph: GraphBuilder, model: Sambert) -> str:
    """Positions [L, C]: computed where the checkpoint holds the formula's table, else looked up."""
    table = array(model.text_encoder.ling_enc.position_enc.position_enc)
    length, channels = table.shape[1:]
    count = graph.op(
        "Gather",
        graph.op("Shape", "symbols"),
        graph.constant(np.array(1, dtype=np.int64)),
        axis=0,
    )
    if not np.allclose(table, array(position_table(length, channels)), atol=1e-3):
        stop = graph.op("Unsqueeze", count, graph.ints(0))
        rows = graph.constant(table[0], "position_enc")
        return graph.op("Slice", rows, graph.ints(0), stop, graph.ints(0))
    one = graph.constant(np.array(1, dtype=np.int64))
    places = graph.op("Range", one, graph.op("Add", count, one), one)
    places = graph.reshape(graph.op("Cast", places, to=onnx.TensorProto.FLOAT), -1, 1)
    rates = np.power(10000.0, -np.arange(channels // 2) / (channels / 2 - 1))
    angles = graph.op("Mul", places, graph.constant(rates.astype(np.float32)[None]))
    return graph.concat([graph.op("Sin", angles), graph.op("Cos", angles)], axis=1)


def _block(graph: GraphBuilder, block: EncoderBlock, x: str, model: Sambert, name: str) -> str:
    units = model.config.encoder_num_units
    count = model.config.encoder_num_heads
    width = units // count
    attn = block.slf_attn
    hidden = graph.layer_norm(x, attn.layer_norm, f"{name}.slf_attn.layer_norm")
    weight, bias = scaled_query(attn.w_qkv, width)
    qkv = graph.gemm(hidden, weight, bias, f"{name}.slf_attn.w_qkv")
    query, key, value = heads(graph, qkv, 3, count, width)
    mixed = attention(graph, query, key, value, "", units)
    output = graph.linear(mixed, attn.fc, f"{name}.slf_attn.fc")
    x = graph.add(output, x) if attn.residual else output
    ffn = block.pos_ffn
    hidden = graph.layer_norm(x, ffn.layer_norm, f"{name}.pos_ffn.layer_norm")
    weight = array(ffn.w_1.weight)  # [out, in, kernel]
    side_by_side = neighbours(graph, hidden, weight.shape[2])
    weight = np.ascontiguousarray(weight.transpose(0, 2, 1)).reshape(weight.shape[0], -1)
    bias = array(cast("Tensor", ffn.w_1.bias))
    hidden = graph.op("Relu", graph.gemm(side_by_side, weight, bias, f"{name}.pos_ffn.w_1"))
    return graph.add(x, graph.linear(hidden, ffn.w_2, f"{name}.pos_ffn.w_2"))


def fsmn_feed_forward(graph: GraphBuilder, layer: FsmnFeedForward, x: str, name: str) -> str:
    """[L, C] -> [L, C']."""
    hidden = graph.op("Relu", graph.linear(x, layer.w_1, f"{name}.w_1"))
    return graph.linear(hidden, layer.w_2, f"{name}.w_2")


def _fsmn(graph: GraphBuilder, fsmn: Fsmn, x: str, width: int, name: str) -> str:
    for index, (ffn, memory) in enumerate(zip(fsmn.ffn_lst, fsmn.blocks, strict=True)):
        feed_forward = cast("FsmnFeedForward", ffn)
        context = fsmn_feed_forward(graph, feed_forward, x, f"{name}.ffn_lst.{index}")
        padded = graph.op("Pad", context, graph.ints(memory.left, 0, memory.right, 0))
        output = fsmn_memory(graph, padded, memory, f"{name}.memory_block_lst.{index}.conv_dw")
        output = graph.add(output, context)
        units = memory.conv_dw.out_channels
        x = graph.add(output, x) if units == width else output
        width = units
    return x


def _contour(graph: GraphBuilder, known: str, predictor: ContourPredictor, name: str) -> str:
    width = cast("FsmnFeedForward", predictor.fsmn.ffn_lst[0]).w_1.in_channels
    hidden = _fsmn(graph, predictor.fsmn, known, width, f"{name}.fsmn")
    hidden, _, _ = lstm(
        graph, graph.op("Unsqueeze", hidden, graph.ints(1)), predictor.blstm, f"{name}.blstm"
    )
    return graph.linear(hidden, predictor.fc, f"{name}.fc")
