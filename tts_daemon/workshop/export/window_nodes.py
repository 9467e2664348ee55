"""Writes the nodes of windows: kept, joined, padded, and cut into the parts that are read.

Letters: C channels, T places of a stream in this piece.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tts_daemon.workshop.export.nodes import NodeWriter
from tts_daemon.workshop.export.streams import TIME, Timetable
from tts_daemon.workshop.export.windows import WindowReading, Windows

_FIRST, _LAST = 0, 1
"""Places in the input `edges`."""
_END = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class StreamState:
    """What is kept from one piece to the next.

    Attributes:
        name: Of the input; that of the output ends in `_out`.
        channels: C.
        kind: Of the values.
    """

    name: str
    channels: int
    kind: np.dtype[np.generic]


class WindowWriter:
    """Writes each window when it is first read.

    Attributes:
        states: Of the windows written so far.
    """

    def __init__(self, timetable: Timetable, windows: Windows, writer: NodeWriter) -> None:
        """Take the plan, and what the nodes are written with."""
        self._times = timetable
        self._windows = windows
        self._writer = writer
        self._written: dict[str, str] = {}
        self.states: list[StreamState] = []

    def read(self, node: onnx.NodeProto, name: str) -> str:
        """What a node is to read in the place of a value."""
        reading = self._windows.reading(node, name)
        if reading is None:
            return name
        path, last = list(reading.path), list[onnx.NodeProto]()
        if path and path[-1].op_type == "DequantizeLinear":
            last = [path.pop()]  # an INT8 kernel wants it right before it, and to cut INT8 is cheap
        value = self._window(reading.site)
        for step in path:
            value = self._writer.on(value, step)
        value = self._part(value, reading)
        for step in last:
            value = self._writer.on(value, step)
        return value

    def _window(self, site: str) -> str:
        """[1, C, T] -> [1, C, padding + kept + T + padding]."""
        if site in self._written:
            return self._written[site]
        extent = self._windows.extents[site]
        channels, zero = self._times.streams[site].channels, self._zero(site)
        state = f"state_{len(self.states)}" if extent.kept else ""
        parts = [
            self._padding(_FIRST, channels, extent.left, zero),
            state,
            site,
            self._padding(_LAST, channels, extent.right, zero),
        ]
        window = self._writer.op("Concat", *filter(None, parts), axis=TIME)
        if state:
            self.states.append(StreamState(state, channels, zero.dtype))
            self._keep(state, window, extent.kept)
        self._written[site] = window
        return window

    def _keep(self, state: str, window: str, places: int) -> None:
        """The newest places are the next call's state."""
        number, name = self._writer.number, f"{state}_out"
        inputs = [window, number(-places), number(_END), number(TIME)]
        self._writer.add(helper.make_node("Slice", inputs, [name], name=name))

    def _zero(self, site: str) -> NDArray[np.generic]:
        """What a kernel's own padding would be."""
        node = self._times.producers.get(site)
        if node is None or node.op_type != "QuantizeLinear":
            return np.zeros((), np.float32)
        return self._times.constants[node.input[2]]

    def _padding(self, edge: int, channels: int, places: int, zero: NDArray[np.generic]) -> str:
        """Zeros [1, C, places] at that edge, nothing elsewhere; no name where nothing is padded."""
        if not places:
            return ""
        writer, number = self._writer, self._writer.number
        zeros = writer.filled([1, channels, places], zero)
        count = writer.op("Mul", self._edge(edge), number(places))
        return writer.op("Slice", zeros, number(0), count, number(TIME))

    def _part(self, window: str, reading: WindowReading) -> str:
        """The places of a window that one reader needs."""
        whole, own = self._windows.extents[reading.site], reading.extent
        start = self._at_edge(_FIRST, whole.left - own.left, whole.kept - own.kept)
        stop = self._at_edge(_LAST, own.right - whole.right or _END, -reading.wait or _END)
        number = self._writer.number
        if (start, stop) == (number(0), number(_END)):
            return window
        return self._writer.op("Slice", window, start, stop, number(TIME))

    def _at_edge(self, edge: int, there: int, elsewhere: int) -> str:
        """One number at an edge, another elsewhere, [1]."""
        writer, number = self._writer, self._writer.number
        if there == elsewhere:
            return number(there)
        is_there = writer.op("Cast", self._edge(edge), to=TensorProto.BOOL)
        return writer.op("Where", is_there, number(there), number(elsewhere))

    def _edge(self, edge: int) -> str:
        """1 in the first or the last piece, else 0, [1]."""
        return self._writer.op("Gather", "edges", self._writer.number(edge), axis=0)
