"""Which nodes go back to FP32, on graphs small enough to be counted by hand."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize import search as search_module
from tts_daemon.workshop.quantize.noise import Target
from tts_daemon.workshop.quantize.search import (
    CONVERSION,
    NodeNoise,
    cheapest,
    search,
    work_shares,
)


def constant(name: str, *shape: int) -> onnx.TensorProto:
    values = np.ones(shape, np.float32)
    return helper.make_tensor(name, TensorProto.FLOAT, shape, values.ravel())


def two_products() -> onnx.ModelProto:
    """A convolution from 2 to 3 channels with 5 taps, then a matrix from 3 to 4."""
    nodes = [
        helper.make_node("Conv", ["x", "taps"], ["wide"], name="conv", pads=[2, 2]),
        helper.make_node("Transpose", ["wide"], ["turned"], name="turn", perm=[0, 2, 1]),
        helper.make_node("Squeeze", ["turned", "axis"], ["rows"], name="flat"),
        helper.make_node("Gemm", ["rows", "matrix"], ["product"], name="gemm"),
        helper.make_node("Relu", ["product"], ["y"], name="relu"),
    ]
    return helper.make_model(
        helper.make_graph(
            nodes,
            "two",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, None])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 4])],
            [
                constant("taps", 3, 2, 5),
                constant("matrix", 3, 4),
                helper.make_tensor("axis", TensorProto.INT64, [1], [0]),
            ],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
    )


def test_work_is_the_number_of_multiplications() -> None:
    feeds: Any = {"x": np.zeros((1, 2, 10), np.float32)}
    shares = work_shares(two_products(), feeds, ["conv", "gemm"])
    conv, gemm = 10 * 3 * 2 * 5, 10 * 3 * 4
    assert shares == {
        "conv": pytest.approx(conv / (conv + gemm)),
        "gemm": pytest.approx(gemm / (conv + gemm)),
    }


def test_a_node_is_worth_its_noise_for_its_work() -> None:
    assert NodeNoise("a", (0.5, 0.25), 0.1).worth == pytest.approx(0.75 / (0.1 + CONVERSION))
    # Not even a node without work of its own is kept for nothing.
    assert NodeNoise("free", (1.0,), 0.0).worth == pytest.approx(1 / CONVERSION)


def test_just_allowed_is_allowed() -> None:
    assert cheapest([NodeNoise("a", (0.5,), 0.5), NodeNoise("b", (0.5,), 0.5)]) == []


class Noisy:
    """Quantiser and meter in one: noise adds up to more than the sum of its parts."""

    nodes = ("loud", "calm", "soft")
    shares: ClassVar = {"loud": 0.8, "calm": 0.45, "soft": 0.05}

    def __init__(self, more: float) -> None:
        self._more = more

    def build(self, exclude: Any = (), only: Any = ()) -> tuple[str, ...]:
        return tuple(only) or tuple(node for node in self.nodes if node not in exclude)

    def excess(self, built: tuple[str, ...]) -> tuple[float]:
        alone = len(built) == 1
        return (sum(self.shares[node] for node in built) + (0 if alone else self._more),)

    def describe(self, built: tuple[str, ...]) -> str:
        return f"{len(built)} nodes"


@pytest.fixture
def noisy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Noisy:
    made = Noisy(request.param)
    monkeypatch.setattr(search_module, "StaticQuantizer", lambda *_: made)
    monkeypatch.setattr(search_module, "NoiseMeter", lambda *_: made)
    monkeypatch.setattr(search_module, "work_shares", lambda *_: dict.fromkeys(made.nodes, 0.3))
    return made


@pytest.mark.parametrize(
    ("noisy", "kept"), [(0.0, {"loud"}), (0.6, {"loud", "calm"})], indirect=["noisy"]
)
def test_one_more_goes_back_where_noises_add_up_to_more(
    voice: TorchVoice, noisy: Noisy, kept: set[str]
) -> None:
    said: list[str] = []
    found = search(
        voice, "memory", onnx.ModelProto(), [{}], target=Target(30.0), report=said.append
    )
    assert {item.node for item in found.kept} == kept
    assert found.model == noisy.build(exclude=kept)
    assert said[-1].endswith(f"with {len(kept)} nodes in FP32")


@pytest.mark.parametrize("noisy", [0.6], indirect=True)
def test_what_is_excluded_is_not_measured(voice: TorchVoice, noisy: Noisy) -> None:
    said: list[str] = []
    found = search(
        voice,
        "memory",
        onnx.ModelProto(),
        [{}],
        target=Target(30.0),
        exclude=["loud"],
        report=said.append,
    )
    assert said[0] == "  2 nodes; measuring 2 nodes"
    assert [item.node for item in found.kept] == ["calm"]
    assert found.model == noisy.build(exclude=["loud", "calm"])
