"""The `variance` and `duration` graphs: contours into the text, then duration after duration."""

from __future__ import annotations

from typing import cast

import numpy as np
import onnx
from numpy.typing import NDArray
from torch import nn

from tts_daemon.workshop.export.builder import GraphBuilder, array
from tts_daemon.workshop.models.sambert import Sambert


def variance_graph(model: Sambert) -> onnx.ModelProto:
    """Write the graph: text, condition, pitch, energy -> text_augmented, duration_condition."""
    config, adaptor = model.config, model.variance_adaptor
    width, lstm_units = config.encoder_projection_units, config.dur_pred_lstm_units
    graph = GraphBuilder("variance")
    text = graph.reshape(graph.input("text", [1, "symbols", width]), -1, width)
    condition_width = config.condition_units
    condition = graph.input("condition", [1, "symbols", condition_width])
    contours = [
        graph.reshape(graph.input(name, [1, "symbols"]), 1, 1, -1) for name in ("pitch", "energy")
    ]
    # Two convolutions whose results are added are one convolution of two channels.
    weight = np.concatenate([array(adaptor.pitch_emb.weight), array(adaptor.energy_emb.weight)], 1)
    bias = sum(array(cast("nn.Parameter", e.bias)) for e in (adaptor.pitch_emb, adaptor.energy_emb))
    reach = weight.shape[2] // 2
    embedded = graph.conv(
        graph.concat(contours, axis=1),
        weight,
        np.asarray(bias, dtype=np.float32),
        "contour_emb",
        pads=[reach, reach],
    )  # [1, P, L]
    rows = graph.transpose(graph.reshape(embedded, width, -1), 1, 0)
    augmented = graph.add(text, rows)
    known = graph.concat([augmented, graph.reshape(condition, -1, condition_width)], axis=1)
    lstm = adaptor.duration_predictor.lstm
    prenet_width = config.dur_pred_prenet_units[-1]
    for_duration = graph.gemm(
        known,
        _weight(lstm, "ih", 0)[:, prenet_width:],
        _bias(lstm, 0),
        "duration_predictor.condition",
    )
    first = graph.ints(0)
    graph.output("text_augmented", graph.op("Unsqueeze", augmented, first), [1, "symbols", width])
    graph.output(
        "duration_condition",
        graph.op("Unsqueeze", for_duration, first),
        [1, "symbols", 4 * lstm_units],
    )
    return graph.build()


def duration_graph(model: Sambert) -> onnx.ModelProto:
    """Write the graph of one symbol: the duration before -> its own."""
    config, predictor = model.config, model.variance_adaptor.duration_predictor
    units, lstm = config.dur_pred_lstm_units, predictor.lstm
    graph = GraphBuilder("duration")
    x = graph.input("previous", [1, 1])
    condition = graph.input("duration_condition", [1, 4 * units])
    hidden = _layers(graph, graph.input("hidden", [2, 1, units]), units)
    cell = _layers(graph, graph.input("cell", [2, 1, units]), units)
    for index in range(len(config.dur_pred_prenet_units)):
        layer = cast("nn.Linear", predictor.prenet.fcs[3 * index])
        x = graph.op("Relu", graph.linear(x, layer, f"duration_predictor.prenet.fcs.{3 * index}"))
    prenet_width = config.dur_pred_prenet_units[-1]
    weights = np.concatenate(
        [_weight(lstm, "ih", 0)[:, :prenet_width], _weight(lstm, "hh", 0)], axis=1
    )
    gates = graph.gemm(
        graph.concat([x, hidden[0]], axis=1), weights, None, "duration_predictor.lstm.0"
    )
    new = [_cell(graph, graph.add(gates, condition), cell[0])]
    weights = np.concatenate([_weight(lstm, "ih", 1), _weight(lstm, "hh", 1)], axis=1)
    bias = _bias(lstm, 1)
    gates = graph.gemm(
        graph.concat([new[0][0], hidden[1]], axis=1), weights, bias, "duration_predictor.lstm.1"
    )
    new.append(_cell(graph, gates, cell[1]))
    predicted = graph.op("Relu", graph.linear(new[1][0], predictor.fc, "duration_predictor.fc"))
    graph.output("log_duration", predicted, [1, 1])
    for name, values in (("hidden_out", [n[0] for n in new]), ("cell_out", [n[1] for n in new])):
        stacked = graph.reshape(graph.concat(values, axis=0), 2, 1, units)
        graph.output(name, stacked, [2, 1, units])
    return graph.build()


def _layers(graph: GraphBuilder, state: str, units: int) -> list[str]:
    """[2, 1, units] -> two [1, units]."""
    return [graph.reshape(part, 1, units) for part in graph.split(state, 2, axis=0)]


def _cell(graph: GraphBuilder, gates: str, cell: str) -> tuple[str, str]:
    """An LSTM cell from its gates' sums [1, 4 x units] (torch's order) -> new hidden, new cell."""
    into, forget, new, out = graph.split(gates, 4, axis=1)
    kept = graph.op("Mul", graph.op("Sigmoid", forget), cell)
    added = graph.op("Mul", graph.op("Sigmoid", into), graph.op("Tanh", new))
    cell = graph.add(kept, added)
    return graph.op("Mul", graph.op("Sigmoid", out), graph.op("Tanh", cell)), cell


def _weight(lstm: nn.LSTM, part: str, layer: int) -> NDArray[np.float32]:
    """Input (`ih`) or recurrent (`hh`) weight of one layer, [4 x units, in]."""
    return array(getattr(lstm, f"weight_{part}_l{layer}"))


def _bias(lstm: nn.LSTM, layer: int) -> NDArray[np.float32]:
    """Both biases of one layer added, [4 x units]."""
    return array(getattr(lstm, f"bias_ih_l{layer}") + getattr(lstm, f"bias_hh_l{layer}"))
