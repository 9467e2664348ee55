"""INT8 LSTMs: each direction has a scale of its own, and the kernel gets what it wants."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tts_daemon.workshop.quantize.lstm import DOMAIN, lstm_nodes, quantize_lstms

INPUTS, UNITS, STEPS = 6, 4, 5


def weights(scale: float) -> NDArray[np.float32]:
    random = np.random.default_rng(7)
    whole = random.uniform(-1, 1, (2, 4 * UNITS, INPUTS)).astype(np.float32)
    whole[1] *= np.float32(scale)
    return whole


def lstm(input_weights: NDArray[np.float32]) -> onnx.ModelProto:
    """Two directions over [T, 1, INPUTS], with initial states."""
    random = np.random.default_rng(8)
    recurrence = random.uniform(-1, 1, (2, 4 * UNITS, UNITS)).astype(np.float32)
    node = helper.make_node(
        "LSTM",
        ["x", "input", "recurrence", "bias", "", "h", "c"],
        ["y"],
        name="both",
        direction="bidirectional",
        hidden_size=UNITS,
    )
    constants = {
        "input": input_weights,
        "recurrence": recurrence,
        "bias": np.zeros((2, 8 * UNITS), np.float32),
        "h": np.zeros((2, 1, UNITS), np.float32),
        "c": np.zeros((2, 1, UNITS), np.float32),
    }
    graph = helper.make_graph(
        [node],
        "lstm",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1, INPUTS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2, 1, UNITS])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def played(model: onnx.ModelProto) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    x = np.random.default_rng(9).uniform(-1, 1, (STEPS, 1, INPUTS)).astype(np.float32)
    return np.asarray(session.run(["y"], {"x": x})[0])


def constants_of(model: onnx.ModelProto) -> dict[str, NDArray[np.generic]]:
    return {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}


@pytest.mark.parametrize("scale", [1.0, 0.001])
def test_each_direction_uses_the_whole_range(scale: float) -> None:
    exact = weights(scale)
    made = constants_of(quantize_lstms(lstm(exact)))
    quantized, steps = made["both.input.weight"], made["both.input.scale"]
    assert quantized.dtype == np.int8
    assert [np.abs(part.astype(int)).max() for part in quantized] == [127, 127]
    back = quantized.astype(np.float32) * np.asarray(steps)[:, None, None]
    assert (np.abs(back - exact.transpose(0, 2, 1)) <= np.asarray(steps)[:, None, None] / 2).all()


def test_both_directions_still_sound_the_same() -> None:
    model = lstm(weights(0.05))
    exact, made = played(model), played(quantize_lstms(model))
    for direction in (0, 1):
        noise = np.square(made[:, direction] - exact[:, direction]).mean()
        assert 0 < noise < np.square(exact[:, direction]).mean() * 1e-3


def test_weights_of_nothing_but_zeros_stay_zeros() -> None:
    made = quantize_lstms(lstm(np.zeros((2, 4 * UNITS, INPUTS), np.float32)))
    assert np.isfinite(np.asarray(constants_of(made)["both.input.scale"])).all()
    assert np.isfinite(played(made)).all()


def test_fp32_weights_go_and_the_rest_stays() -> None:
    model = lstm(weights(1.0))
    before = model.SerializeToString()
    made = quantize_lstms(model)
    assert model.SerializeToString() == before
    assert not {"input", "recurrence"} & set(constants_of(made))
    assert {"bias", "h", "c"} <= set(constants_of(made))
    (node,) = made.graph.node
    assert (node.op_type, node.domain, node.name) == ("DynamicQuantizeLSTM", DOMAIN, "both")
    assert list(node.input)[3:7] == ["bias", "", "h", "c"]
    assert {item.name for item in node.attribute} == {"direction", "hidden_size"}
    assert lstm_nodes(made) == []


def test_the_domain_is_named_once() -> None:
    model = lstm(weights(1.0))
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    domains = [item.domain for item in quantize_lstms(model).opset_import]
    assert domains.count(DOMAIN) == 1
    assert [item.domain for item in quantize_lstms(lstm(weights(1.0))).opset_import] == ["", DOMAIN]
