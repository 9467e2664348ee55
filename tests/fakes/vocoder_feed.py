"""Writes a vocoder and what it plays to one file, for the guest of the emulator (tests/arm)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_daemon.native.layout import Convolution, read_vocoder
from tts_daemon.native.library import c_layout

Piece = tuple[NDArray[np.float32], NDArray[np.float32] | None]
"""mel [T, n_mels], source [H, N]."""


def write(path: Path, graph: Path, pieces: Sequence[Piece], *, ends: bool = True) -> None:
    """Write the layout and the layers of a graph, then the pieces of a stream, which may go on."""
    layout, layers = read_vocoder(graph)
    counts = [len(layers), len(pieces), layout.n_mels, layout.hop_length, ends]
    sizes = np.array(counts, np.int32)
    with path.open("wb") as file:
        file.write(bytes(c_layout(layout)))
        file.write(sizes.tobytes())
        for layer in layers:
            file.write(_layer(layer))
        for mel, source in pieces:
            file.write(np.int32(len(mel)).tobytes())
            file.write(np.ascontiguousarray(mel, np.float32).tobytes())
            if source is not None:
                file.write(np.ascontiguousarray(source, np.float32).tobytes())


def _layer(layer: Convolution) -> bytes:
    out, width, taps = layer.weights.shape
    place = layer.dilation, layer.stride, layer.left, layer.right
    parts = [
        np.array([width, out, taps, *place, layer.bytes is not None], np.int32),
        np.array([layer.step, layer.zero], np.float32),
        layer.weights.astype(np.float32),
        layer.bias.astype(np.float32),
    ]
    if layer.bytes is not None and layer.bytes_step is not None:
        parts += [layer.bytes, layer.bytes_step.astype(np.float32)]
    return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
