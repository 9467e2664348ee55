"""ONNX Runtime behind its doorway."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tts_daemon.errors import VoiceError
from tts_daemon.runtime.engine import Graph, GraphOptions
from tts_daemon.runtime.onnx_engine import OnnxEngine

onnx = pytest.importorskip("onnx")


def _sum_graph(path: Path, few_shapes: bool = False) -> Graph:
    """`total` [n, 3] = `a` [n, 3] + `b` [n, 3]."""
    helper = onnx.helper
    a, b, total = (
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 3])
        for name in ("a", "b", "total")
    )
    node = helper.make_node("Add", ["a", "b"], ["total"])
    model = helper.make_model(
        helper.make_graph([node], "sum", [a, b], [total]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.save(model, str(path))
    return OnnxEngine().load(path, GraphOptions(few_shapes=few_shapes))


def test_outputs_come_by_name(tmp_path: Path) -> None:
    graph = _sum_graph(tmp_path / "sum.onnx")
    ones = np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(graph.run({"a": ones, "b": 2 * ones})["total"], 3 * ones)
    assert graph.width("a") == 3


@pytest.mark.parametrize("few_shapes", [False, True])
def test_a_bound_call_reads_and_writes_the_arrays_as_they_are(
    tmp_path: Path, few_shapes: bool
) -> None:
    graph = _sum_graph(tmp_path / "sum.onnx", few_shapes)
    for rows in (1, 2):
        a, b, total = (np.zeros((rows, 3), np.float32) for _ in range(3))
        call = graph.bind({"a": a, "b": b}, {"total": total})
        for value in (1.0, 5.0):
            a[:] = value
            call()
            np.testing.assert_array_equal(total, a)


def test_an_output_can_be_the_next_call_s_input(tmp_path: Path) -> None:
    graph = _sum_graph(tmp_path / "sum.onnx")
    one, left, right = (np.full((1, 3), value, np.float32) for value in (1, 0, 0))
    there = graph.bind({"a": left, "b": one}, {"total": right})
    back = graph.bind({"a": right, "b": one}, {"total": left})
    for call in (there, back, there, back):
        call()
    np.testing.assert_array_equal(left, np.full((1, 3), 4))


def test_two_bindings_of_one_graph_do_not_disturb_each_other(tmp_path: Path) -> None:
    graph = _sum_graph(tmp_path / "sum.onnx")
    calls, totals = [], []
    for value in (1.0, 2.0):
        a, total = np.full((1, 3), value, np.float32), np.zeros((1, 3), np.float32)
        calls.append(graph.bind({"a": a, "b": a}, {"total": total}))
        totals.append(total)
    for call in calls:
        call()
    assert [total[0, 0] for total in totals] == [2.0, 4.0]


def test_wrong_inputs_are_our_error(tmp_path: Path) -> None:
    graph = _sum_graph(tmp_path / "sum.onnx")
    wrong = np.zeros((1, 4), np.float32)
    with pytest.raises(VoiceError, match=r"sum\.onnx: refuses its inputs"):
        graph.run({"a": wrong, "b": wrong})
    with pytest.raises(VoiceError, match=r"sum\.onnx: refuses its inputs"):
        graph.bind({"a": wrong, "b": wrong}, {"total": wrong})()
    with pytest.raises(VoiceError, match=r"sum\.onnx: refuses its inputs"):
        graph.bind({"c": wrong}, {})


def test_a_damaged_file_is_our_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(VoiceError, match=r"bad\.onnx: cannot be loaded .*tts-voices verify"):
        OnnxEngine().load(path, GraphOptions())


def test_a_missing_file_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"gone\.onnx: cannot be loaded"):
        OnnxEngine().load(tmp_path / "gone.onnx", GraphOptions())
