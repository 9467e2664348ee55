"""The reader of graphs reads what the library for them reads."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from tts_daemon.errors import VoiceError
from tts_daemon.native.onnx_file import read

CHECKOUT = Path(__file__).parents[3]
GRAPHS = [CHECKOUT / "models/wuyin/vocoder.onnx", CHECKOUT / "models/wuyin/decoder.onnx"]


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_nodes_and_constants_are_those_of_the_library(path: Path) -> None:
    made, expected = read(path), onnx.load(path).graph
    assert [node.kind for node in made.nodes] == [node.op_type for node in expected.node]
    assert [node.name for node in made.nodes] == [node.name for node in expected.node]
    for node, other in zip(made.nodes, expected.node, strict=True):
        assert (list(node.inputs), list(node.outputs)) == (list(other.input), list(other.output))
        for item in other.attribute:
            if item.type in (onnx.AttributeProto.INT, onnx.AttributeProto.INTS):
                assert node.numbers[item.name] == (tuple(item.ints) or (item.i,))
            if item.type == onnx.AttributeProto.FLOAT:
                assert node.reals[item.name] == pytest.approx(item.f)
    assert set(made.constants) == {item.name for item in expected.initializer}
    for item in expected.initializer:
        np.testing.assert_array_equal(made.constants[item.name], numpy_helper.to_array(item))


@pytest.mark.parametrize(
    "value",
    [
        helper.make_tensor("x", TensorProto.UINT8, [], [131]),
        helper.make_tensor("x", TensorProto.INT8, [2], [-127, 5]),
        helper.make_tensor("x", TensorProto.INT64, [1], [-(2**40)]),
        helper.make_tensor("x", TensorProto.FLOAT, [2, 1], [0.5, -3.0]),
    ],
    ids=str,
)
def test_constants_that_are_written_number_by_number(
    value: onnx.TensorProto, tmp_path: Path
) -> None:
    graph = helper.make_graph([], "g", [], [], initializer=[value])
    (tmp_path / "g.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    (made,) = read(tmp_path / "g.onnx").constants.values()
    expected = numpy_helper.to_array(value)
    np.testing.assert_array_equal(made, expected)
    assert (made.shape, made.dtype) == (expected.shape, expected.dtype)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"vocoder\.onnx.*cannot be read"):
        read(tmp_path / "vocoder.onnx")


@given(damage=st.binary(max_size=40), place=st.integers(0, 72_000), cut=st.integers(0, 72_142))
def test_damage_is_a_clear_error_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes, place: int, cut: int
) -> None:
    content = bytearray((CHECKOUT / "tests/data/tiny_voice/vocoder.onnx").read_bytes())
    content[place : place + len(damage)] = damage
    path = tmp_path_factory.mktemp("damaged") / "vocoder.onnx"
    path.write_bytes(content[:cut] if cut % 2 else content)
    with suppress(VoiceError):
        read(path)
