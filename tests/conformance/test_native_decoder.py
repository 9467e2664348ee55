"""Our own kernels make the steps that ONNX Runtime makes of the same INT8 graph."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from fakes.decoders import LAYOUTS, decoder, feeds, saved
from fakes.kernels import built
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_daemon.errors import VoiceError
from tts_daemon.native.decoder import DecoderLayout, NativeDecoder, read_decoder
from tts_daemon.native.layout import UnsupportedLayoutError
from tts_daemon.native.library import Library
from tts_daemon.runtime.engine import Array, GraphOptions
from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.workshop.models.sambert import SambertConfig

CHECKOUT = Path(__file__).parents[2]
SHIPPED = CHECKOUT / "models/wuyin/decoder.onnx"
LEAST_DB = 60
"""A sum that lies between two bytes is rounded to either now and then; seen: 146 without one."""


@pytest.fixture(scope="module")
def library() -> Library:
    """The kernels of this checkout."""
    return Library(built())


@pytest.fixture(scope="module", params=LAYOUTS)
def config(request: pytest.FixtureRequest) -> SambertConfig:
    return LAYOUTS[request.param]


@pytest.fixture(scope="module")
def path(config: SambertConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small decoder, as the graph of a package."""
    return saved(config, tmp_path_factory.mktemp("decoder"))


def _decoders(library: Library, path: Path) -> list[NativeDecoder]:
    layout = read_decoder(path)
    return [NativeDecoder(library, layout, kernels) for kernels in library.kernels()]


def _snr_db(reference: Array, made: Array) -> float:
    noise = np.square(reference - made).mean()
    return float(10 * np.log10(np.square(reference).mean() / max(noise, 1e-30)))


@given(
    steps=st.integers(1, 11), past=st.integers(1, 20), view=st.integers(1, 35), seed=st.integers(0)
)
@settings(max_examples=25)
def test_steps_are_those_of_the_graph(
    library: Library, path: Path, config: SambertConfig, steps: int, past: int, view: int, seed: int
) -> None:
    inputs = feeds(config, np.random.default_rng(seed), steps, past, view)
    expected = OnnxEngine().load(path, GraphOptions()).run(inputs)
    for made in _decoders(library, path):
        outputs = made.run(inputs)
        assert set(outputs) == set(expected)
        for name, value in expected.items():
            assert outputs[name].shape == value.shape
            assert _snr_db(value, outputs[name]) > LEAST_DB, (made.kernels, name)


def test_a_bound_call_reads_and_writes_the_arrays_it_was_given(
    library: Library, path: Path, config: SambertConfig
) -> None:
    made = _decoders(library, path)[0]
    inputs = feeds(config, np.random.default_rng(1), 1, 6, 9)
    frames = config.outputs_per_step
    outputs = {**made.run(inputs), "frames": np.empty((1, frames, config.num_mels), np.float32)}
    step = made.bind(inputs, outputs)
    for seed in (2, 3):
        fresh = feeds(config, np.random.default_rng(seed), 1, 6, 9)
        for name, value in fresh.items():
            inputs[name][...] = value
        step()
        for name, value in made.run(fresh).items():
            np.testing.assert_array_equal(outputs[name], value)


def test_a_row_is_the_same_alone_and_among_others(library: Library, tmp_path: Path) -> None:
    config = LAYOUTS["not_fed_back"]
    made = _decoders(library, saved(config, tmp_path))[0]
    inputs = feeds(config, np.random.default_rng(1), 7, 5, 8)
    inputs["self_mask"][:, 5:] = np.where(np.eye(7) == 1, 0, -1e9)
    together = made.run(inputs)["frames"].reshape(7, -1)
    alone = {**inputs, "step_input": inputs["step_input"][:, 4:5]}
    alone["previous_frames"] = inputs["previous_frames"][:, 4:5]
    alone["self_mask"] = inputs["self_mask"][4:5, [0, 1, 2, 3, 4, 9]]
    alone["memory_mask"] = inputs["memory_mask"][4:5]
    assert _snr_db(together[4], made.run(alone)["frames"].reshape(-1)) > LEAST_DB


def test_threads_share_a_decoder(library: Library, path: Path, config: SambertConfig) -> None:
    made = _decoders(library, path)[0]
    inputs = [feeds(config, np.random.default_rng(seed), 2, 6, 9) for seed in range(4)]
    expected = [made.run(item)["frames"] for item in inputs]
    wrong: list[int] = []

    def work(index: int) -> None:
        for _ in range(50):
            if not np.array_equal(made.run(inputs[index])["frames"], expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_arrays_that_do_not_fit_are_a_clear_error(
    library: Library, path: Path, config: SambertConfig
) -> None:
    made = _decoders(library, path)[0]
    good = feeds(config, np.random.default_rng(1), 2, 6, 9)
    for name, value in good.items():
        if name not in ("step_input", "memory_keys", "self_keys"):
            with pytest.raises(VoiceError, match=name):
                made.run({**good, name: value[..., :-1]})
    for name in ("step_input", "memory_keys", "self_keys"):
        with pytest.raises(VoiceError, match="cannot take"):
            made.run({**good, name: good[name][..., :-1]})
    with pytest.raises(VoiceError, match="a step and a memory"):
        made.run({**good, "memory_keys": good["memory_keys"][:, :, :0],
                  "memory_values": good["memory_values"][:, :, :0],
                  "memory_mask": good["memory_mask"][:, :0]})  # fmt: skip


def _without_a_relu(graph: onnx.GraphProto) -> None:
    node = next(node for node in graph.node if node.op_type == "Relu")
    node.op_type = "Identity"


def _another_axis(graph: onnx.GraphProto) -> None:
    node = next(node for node in graph.node if node.op_type == "LayerNormalization")
    next(item for item in node.attribute if item.name == "axis").i = 0


def _a_weight_of_minus_128(graph: onnx.GraphProto) -> None:
    for item in graph.initializer:
        if item.name.endswith("w_1.weight_quantized"):
            item.raw_data = b"\x80" + onnx.numpy_helper.to_array(item).tobytes()[1:]


def _another_name(graph: onnx.GraphProto) -> None:
    next(node for node in graph.node if node.name == "dec_out_proj").name = "out"


@pytest.mark.parametrize(
    "change",
    [_without_a_relu, _another_axis, _a_weight_of_minus_128, _another_name],
    ids=lambda change: change.__name__.strip("_"),
)
def test_another_graph_is_left_to_onnx(
    change: Callable[[onnx.GraphProto], None], tmp_path: Path
) -> None:
    model = decoder(LAYOUTS["not_fed_back"])
    change(model.graph)
    path = tmp_path / "decoder.onnx"
    onnx.save(model, path)
    with pytest.raises(UnsupportedLayoutError, match=r"decoder\.onnx: unusual"):
        read_decoder(path)
    # Nobody asked for our kernels: the daemon speaks all the same.
    engines = Engines("native", built())
    if change in (_a_weight_of_minus_128, _another_name):
        assert not isinstance(engines.load(path, GraphOptions()), NativeDecoder)


def test_a_layout_that_does_not_fit_is_refused(library: Library, path: Path) -> None:
    layout = read_decoder(path)
    for wrong in (layout.products[1:], (*layout.products, layout.products[-1])):
        with pytest.raises(UnsupportedLayoutError, match="number of products"):
            NativeDecoder(library, _changed(layout, products=wrong), library.kernels()[0])
    swapped = (*layout.products[:-2], layout.products[-1], layout.products[-2])
    with pytest.raises(UnsupportedLayoutError, match="does not fit"):
        NativeDecoder(library, _changed(layout, products=swapped), library.kernels()[0])
    with pytest.raises(UnsupportedLayoutError, match="out of range"):
        NativeDecoder(library, _changed(layout, heads=0), library.kernels()[0])
    with pytest.raises(UnsupportedLayoutError, match="no such kernels"):
        NativeDecoder(library, layout, "sse2")


def test_the_shipped_decoder_is_played_unless_onnx_is_asked_for() -> None:
    assert isinstance(Engines("auto", built()).load(SHIPPED, GraphOptions()), NativeDecoder)
    assert isinstance(Engines("native", built()).load(SHIPPED, GraphOptions()), NativeDecoder)
    for engines, options in (
        (Engines("onnx", built()), GraphOptions()),
        (Engines("auto", built()), GraphOptions(engine="onnx")),
    ):
        assert not isinstance(engines.load(SHIPPED, options), NativeDecoder)


def _changed(layout: DecoderLayout, **changes: Any) -> DecoderLayout:
    return dataclasses.replace(layout, **changes)
