"""The timetable of a streaming graph: who is late, and who waits where."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from tts_daemon.workshop.export.builder import GraphBuilder
from tts_daemon.workshop.export.streams import Timetable, View
from tts_daemon.workshop.export.windows import Extent, Windows


@pytest.mark.parametrize("span", [0, 2, 10, 39])
@pytest.mark.parametrize("stride", [1, 2, 20])
@pytest.mark.parametrize("causal", [False, True])
def test_an_output_wants_what_makes_it(span: int, stride: int, causal: bool) -> None:
    view = View(span, stride, left=span if causal else span // 2)
    # With inputs that are not late at all, an output is as late as its view demands, no more.
    assert 0 <= view.wanted(view.behind) < stride
    assert view.wanted(view.behind + 1) == view.wanted(view.behind) + stride


def _branches() -> onnx.ModelProto:
    """A value that is read by kernels of 3 and 7 and by their sum."""
    graph = GraphBuilder("vocoder")
    x = graph.op("Sin", graph.input("mel", [1, 1, "frames"]), name="fork")
    for kernel in (3, 7):
        weight = np.full((1, 1, kernel), 0.1, np.float32)
        reach = kernel // 2
        hidden = graph.op("LeakyRelu", "fork:0", alpha=0.1)
        hidden = graph.conv(hidden, weight, None, f"conv{kernel}", pads=[reach, reach])
        x = graph.add(x, hidden)
    graph.output("waveform", graph.reshape(x, 1, -1), [1, "samples"])
    return graph.build()


def test_the_faster_branch_waits_where_both_begin() -> None:
    times = Timetable(_branches())
    late = {name: stream.late for name, stream in times.streams.items()}
    assert late["fork:0"] == 0
    assert late["conv3:0"] == late["conv7:0"] == late["waveform"] == 3
    waits = {
        node.name: times.wait(node, name) + times.streams[name].late
        for node in times.nodes
        if node.op_type == "Conv"
        for name in times.inputs(node)
    }
    assert waits == {"conv3": 2, "conv7": 0}


def test_all_readers_share_one_window() -> None:
    windows = Windows(Timetable(_branches()))
    assert windows.extents == {"fork:0": Extent(kept=6, left=3, right=3)}
