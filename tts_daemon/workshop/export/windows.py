"""Where a stream is kept, how much of it, and what each reader is given.

A window is what was kept of the pieces before, with the new piece behind it; the zeros with which a
convolution pads stand in it at the first and at the last piece. All readers of a value share its
window: convolutions of different reach, and branches that wait, get their part of it.
All lengths are places.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import onnx

from tts_daemon.workshop.export.streams import Timetable

_BEHIND_WINDOWS = ("LeakyRelu", "Tanh", "QuantizeLinear", "DequantizeLinear")
"""What makes zero of zero, so that it may be done to a window with its padding."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a window goes beyond its piece.

    Attributes:
        kept: Of the pieces before.
        left: Zeros before the first piece.
        right: Zeros behind the last one.
    """

    kept: int = 0
    left: int = 0
    right: int = 0

    def joined(self, other: Extent) -> Extent:
        """What serves both."""
        return Extent(
            max(self.kept, other.kept), max(self.left, other.left), max(self.right, other.right)
        )


@dataclass(frozen=True, slots=True)
class WindowReading:
    """How one node reads one stream.

    Attributes:
        site: The value that has the window.
        path: Nodes from there to the reader.
        extent: What this reader needs of the window.
        wait: The newest places, which it does not read yet.
    """

    site: str
    path: tuple[onnx.NodeProto, ...]
    extent: Extent
    wait: int


class Windows:
    """The windows that a graph needs.

    Attributes:
        extents: Value -> how far its window goes.
        inside: Values that nobody reads but through a window.
    """

    def __init__(self, timetable: Timetable) -> None:
        """Look at what every node reads."""
        self._times = timetable
        self._readings: dict[tuple[str, str], WindowReading] = {}
        self.extents: dict[str, Extent] = {}
        self.inside: set[str] = set()
        # Convolutions first: what lies between them and their windows reads no window itself.
        self._plan(node for node in timetable.nodes if node.op_type == "Conv")
        self._plan(node for node in timetable.nodes if node.op_type != "Conv")

    def reading(self, node: onnx.NodeProto, name: str) -> WindowReading | None:
        """How a node reads a stream; None: as it comes."""
        return self._readings.get((node.output[0], name))

    def _plan(self, nodes: Iterable[onnx.NodeProto]) -> None:
        for node in nodes:
            if node.output[0] not in self.inside:
                for name in self._times.inputs(node):
                    self._plan_reading(node, name)

    def _plan_reading(self, node: onnx.NodeProto, name: str) -> None:
        times, view = self._times, self._times.view(node)
        site, path = self._site(name)
        wait = times.wait(node, name) + times.streams[name].late - times.streams[site].late
        extent = Extent(view.span + 1 - view.stride + wait, view.left, view.right)
        if extent == Extent():
            return
        self.extents[site] = self.extents.get(site, Extent()).joined(extent)
        self._readings[node.output[0], name] = WindowReading(site, path, extent, wait)
        self.inside.update(step.output[0] for step in path if self._has_one_reader(step.output[0]))

    def _site(self, name: str) -> tuple[str, tuple[onnx.NodeProto, ...]]:
        """The value that has the window for a reader of `name`, and the nodes in between.

        That is the nearest fork, so that its readers share one; else the reader's own input. A
        dequantised value is kept as it was before.
        """
        value, path = self._fork(name)
        before = self._times.producers.get(value)
        if before is not None and before.op_type == "DequantizeLinear":
            return before.input[0], (before, *path)
        return value, path

    def _fork(self, name: str) -> tuple[str, tuple[onnx.NodeProto, ...]]:
        value, path = name, tuple[onnx.NodeProto, ...]()
        while self._has_one_reader(value):
            before = self._times.producers.get(value)
            if before is None or before.op_type not in _BEHIND_WINDOWS:
                return name, ()
            value, path = before.input[0], (before, *path)
        return value, path

    def _has_one_reader(self, value: str) -> bool:
        return len(self._times.readers[value]) == 1
