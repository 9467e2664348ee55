"""Stretches of graph that several graphs share.

Letters: L rows (symbols, steps or frames), C channels, H heads, D head width.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import nn

from tts_daemon.workshop.export.builder import LAST, GraphBuilder, array
from tts_daemon.workshop.models.sambert.fsmn import MemoryBlock

# ONNX orders the gates input, output, forget, cell; torch input, forget, cell, output.
_GATES = (0, 3, 1, 2)


def heads(
    graph: GraphBuilder, x: str, parts: int, count: int, width: int, *, one_row: bool = False
) -> list[str]:
    """[L, parts x H x D] -> one [1, H, L, D] per part (query, key, value).

    With `one_row` L is 1, and no value has to change its place.
    """
    if one_row:
        return graph.split(graph.reshape(x, parts, count, 1, width), parts, axis=0)
    x = graph.reshape(x, -1, parts, count, width)
    return graph.split(graph.transpose(x, 1, 2, 0, 3), parts, axis=0)


def attention(
    graph: GraphBuilder,
    query: str,
    key: str,
    value: str,
    mask: str,
    width: int,
    *,
    one_row: bool = False,
) -> str:
    """[1, H, L, D] -> [L, H x D]; with `one_row` L is 1.

    The query comes scaled; `mask` may be empty.
    """
    scores = graph.op("MatMul", query, graph.transpose(key, 0, 1, 3, 2))
    if mask:
        scores = graph.op("Add", scores, mask)
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)
    return graph.reshape(mixed if one_row else graph.transpose(mixed, 0, 2, 1, 3), -1, width)


def scaled_query(
    layer: nn.Linear, head_width: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weight and bias of a query-key-value layer whose queries are divided by sqrt(D) already."""
    weight, bias = array(layer.weight).copy(), array(layer.bias).copy()
    rows = weight.shape[0] // 3
    weight[:rows] /= np.sqrt(head_width)
    bias[:rows] /= np.sqrt(head_width)
    return weight, bias


def neighbours(graph: GraphBuilder, x: str, kernel: int) -> str:
    """[L, C] -> [L, kernel x C]: each row beside its neighbours, zeros beyond the ends.

    A convolution becomes one matrix product over these rows, which is faster than the convolution
    kernel for the short sequences of a sentence.
    """
    reach = kernel // 2
    padded = graph.op("Pad", x, graph.ints(reach, 0, reach, 0))
    return graph.concat(
        [
            graph.slice(padded, offset, offset - 2 * reach or LAST, axis=0)
            for offset in range(kernel)
        ],
        axis=1,
    )


def fsmn_memory(graph: GraphBuilder, x: str, block: MemoryBlock, name: str) -> str:
    """The depthwise filter alone: [left + L + right, C] -> [L, C]."""
    weight = array(block.conv_dw.weight)
    columns = graph.op("Unsqueeze", graph.transpose(x, 1, 0), graph.ints(0))  # [1, C, L]
    filtered = graph.conv(columns, weight, None, name, group=weight.shape[0])
    return graph.transpose(graph.op("Squeeze", filtered, graph.ints(0)), 1, 0)


def lstm(
    graph: GraphBuilder, x: str, layer: nn.LSTM, name: str, state: tuple[str, str] | None = None
) -> tuple[str, str, str]:
    """One LSTM layer, in both directions if the torch layer has them.

    Args:
        x: [L, 1, in].
        layer: The torch layer (its first layer is taken).
        name: Of the node.
        state: Hidden and cell state [directions, 1, units]; zeros when left out.

    Returns:
        [L, directions x units], and the new hidden and cell state.
    """
    suffixes = ("", "_reverse") if layer.bidirectional else ("",)
    weights = [
        graph.constant(
            np.stack([_onnx_gates(array(getattr(layer, part + suffix))) for suffix in suffixes]),
            f"{name}.{part}",
        )
        for part in ("weight_ih_l0", "weight_hh_l0")
    ]
    biases = [
        np.concatenate(
            [_onnx_gates(array(getattr(layer, f"bias_{part}_l0{suffix}"))) for part in ("ih", "hh")]
        )
        for suffix in suffixes
    ]
    inputs = [x, *weights, graph.constant(np.stack(biases), f"{name}.bias")]
    output, hidden, cell = graph.ops(
        "LSTM",
        3,
        *inputs,
        *(("", *state) if state else ()),
        name=name,
        hidden_size=layer.hidden_size,
        direction="bidirectional" if layer.bidirectional else "forward",
    )
    return graph.reshape(output, -1, len(suffixes) * layer.hidden_size), hidden, cell


def _onnx_gates(value: NDArray[np.float32]) -> NDArray[np.float32]:
    gates = np.split(value, 4)
    return np.concatenate([gates[index] for index in _GATES])
