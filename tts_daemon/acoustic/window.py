"""What the decoder may look at: the memory ahead of it, projected as it is needed, and the masks.

Letters as in docs/voice-package.md: N decoder layers, H heads, D head width, U memory steps in
view, W past steps, S steps of one call.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_daemon.acoustic.length_regulator import Memory
from tts_daemon.runtime.engine import Floats, Graph
from tts_daemon.voices.manifest import Dimensions

HIDDEN = np.float32(-1e9)
"""Added to the attention score of what must not be seen."""

_BLOCK_STEPS = 32


class MemoryWindow:
    """Keys, values and step inputs of a clause's memory.

    They are projected a block at a time, so that the first sound does not wait for the last word.
    """

    def __init__(self, graph: Graph, memory: Memory, sizes: Dimensions) -> None:
        """Take the memory graph and one clause's memory."""
        self._graph = graph
        self._memory = memory.values
        self.steps = len(memory.values)
        self.band = memory.band
        shape = (sizes.decoder_layers, sizes.decoder_heads, self.steps, sizes.head_width)
        self._keys = np.empty(shape, np.float32)
        self._values = np.empty(shape, np.float32)
        self._inputs = np.empty((self.steps, sizes.decoder_units), np.float32)
        self._projected = 0

    def inputs(self, first: int, count: int) -> Floats:
        """Step inputs [count, decoder_units]."""
        self._project(first + count)
        return self._inputs[first : first + count]

    def copy_view(self, first: int, keys: Floats, values: Floats) -> None:
        """Fill [N, H, U, D] with the keys and values from step `first` on, zeros after the end."""
        last = min(first + keys.shape[2], self.steps)
        self._project(last)
        count = last - first
        keys[:, :, :count] = self._keys[:, :, first:last]
        values[:, :, :count] = self._values[:, :, first:last]
        keys[:, :, count:] = 0
        values[:, :, count:] = 0

    def mask(self, first: int, rows: int, width: int) -> Floats:
        """Each step sees the memory from itself to itself + band, [rows, width] from `first` on."""
        row, column = np.ogrid[:rows, :width]
        seen = (column >= row) & (column <= row + self.band) & (first + column < self.steps)
        return _mask(seen)

    def _project(self, until: int) -> None:
        while self._projected < min(until, self.steps):
            begin, end = self._projected, min(self._projected + _BLOCK_STEPS, self.steps)
            block = self._graph.run({"memory": self._memory[None, begin:end]})
            self._keys[:, :, begin:end] = block["memory_keys"]
            self._values[:, :, begin:end] = block["memory_values"]
            self._inputs[begin:end] = block["step_input"][0]
            self._projected = end


class PastRing:
    """Keys and values of the newest W steps: step s lies at place s modulo W."""

    def __init__(self, band: int, sizes: Dimensions) -> None:
        """Make an empty ring for steps that look `band` steps back."""
        self.band = band
        self.width = rounded_width(band)
        shape = (sizes.decoder_layers, sizes.decoder_heads, self.width, sizes.head_width)
        self.keys = np.zeros(shape, np.float32)
        self.values = np.zeros(shape, np.float32)

    def write(self, first: int, keys: Floats, values: Floats) -> None:
        """Store the steps from `first` on, [N, H, S, D]."""
        count = min(keys.shape[2], self.width)
        newest = first + keys.shape[2] - count
        places = (newest + np.arange(count)) % self.width
        self.keys[:, :, places] = keys[:, :, -count:]
        self.values[:, :, places] = values[:, :, -count:]

    def mask(self, first: int, rows: int) -> Floats:
        """Each step sees from `band` steps back to itself, in the ring and in this call.

        Returns:
            [rows, W + rows].
        """
        row, place = np.ogrid[:rows, : self.width]
        # The newest step before `first` that lies at each place; negative: none yet.
        held = first - 1 - (first - 1 - place) % self.width
        in_ring = (held >= 0) & (held >= first + row - self.band)
        column = np.arange(rows)
        in_call = (column <= row) & (column >= row - self.band)
        return _mask(np.concatenate([in_ring, in_call], axis=1))


def rounded_width(band: int) -> int:
    """A multiple of 8 that holds a band, so that few different shapes reach the graphs."""
    return max(8, -(-band // 8) * 8)


def _mask(seen: NDArray[np.bool_]) -> Floats:
    return np.where(seen, np.float32(0), HIDDEN)
