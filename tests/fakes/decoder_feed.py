"""Writes a decoder and its calls to one file, for the guest of the emulator (tests/arm)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_daemon.native.decoder import Product, read_decoder

_INPUTS = (
    "previous_frames", "step_input", "self_keys", "self_values", "self_mask", "memory_keys",
    "memory_values", "memory_mask",
)  # fmt: skip


def write(path: Path, graph: Path, calls: Sequence[Mapping[str, NDArray[np.float32]]]) -> None:
    """Write the layout and the products of a graph, then the inputs of each call."""
    layout = read_decoder(graph)
    counts = layout.layers, layout.heads, layout.prenets, len(layout.products)
    parts = [_numbers(*counts, layout.units, layout.frame, len(calls))]
    parts += [np.float32(layout.epsilon).tobytes(), _floats(layout.norms), _floats(layout.prenet)]
    parts += [_product(item) for item in layout.products]
    for call in calls:
        steps, past, view = (
            call["step_input"].shape[1], call["self_keys"].shape[2], call["memory_keys"].shape[2],
        )  # fmt: skip
        parts += [_numbers(steps, past, view, 0), *(_floats(call[name]) for name in _INPUTS)]
    path.write_bytes(b"".join(parts))


def _product(item: Product) -> bytes:
    sizes = _numbers(item.zero, *item.weights.shape) + np.float32(item.step).tobytes()
    weights = np.ascontiguousarray(item.weights).tobytes()
    return sizes + _floats(item.weights_step) + _floats(item.bias) + weights


def _numbers(*values: int) -> bytes:
    return np.array(values, np.int32).tobytes()


def _floats(values: Any) -> bytes:
    return np.ascontiguousarray(values, np.float32).tobytes()
