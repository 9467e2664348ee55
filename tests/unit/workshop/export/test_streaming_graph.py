"""A vocoder graph, rewritten to take mel piece by piece, makes the waveform of the original."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from tts_daemon.workshop.export.channels_last import channels_last
from tts_daemon.workshop.export.streaming import StreamingVocoder, make_streaming
from tts_daemon.workshop.export.vocoder import vocoder_graph
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams
from tts_daemon.workshop.quantize.static import StaticOptions, quantize

Floats = NDArray[np.float32]
Feeds = dict[str, NDArray[np.generic]]

SMALL = {
    "channels": 16,
    "upsample_scales": (5, 2),
    "upsample_kernels": (11, 4),
    "resblock_kernels": (3, 7),
    "resblock_dilations": ((1, 3), (1, 5)),
}
VARIANTS = {
    "plain": GeneratorParams(**SMALL),
    "excited": GeneratorParams(**SMALL, harmonics=3, sample_rate=16000),
    "causal": GeneratorParams(**SMALL, causal=True),
    "excited_causal": GeneratorParams(**SMALL, causal=True, harmonics=3, sample_rate=16000),
    "subbands": GeneratorParams(**SMALL, out_channels=4),
    "excited_subbands": GeneratorParams(**SMALL, out_channels=4, harmonics=3, sample_rate=24000),
    "one_kernel": GeneratorParams(
        channels=16,
        resblock_kernels=(3,),
        resblock_dilations=((1,),),
        harmonics=2,
        sample_rate=8000,
    ),
}
FRAMES = 40


@dataclass(frozen=True, slots=True)
class Original:
    """A graph as exported, inputs for it, and its samples per frame."""

    model: onnx.ModelProto
    feeds: Feeds
    hop_length: int


def _original(params: GeneratorParams, quantised: bool = False) -> Original:
    torch.manual_seed(7)
    generator = Generator(params).eval().fuse_weight_norm()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)  # biases too: edges must show
    random = np.random.default_rng(3)
    feeds: Feeds = {"mel": random.standard_normal((1, 80, FRAMES)).astype(np.float32)}
    if params.harmonics:
        shape = (1, params.harmonics, FRAMES * params.hop_length)
        feeds["source"] = random.standard_normal(shape).astype(np.float32)
    model = vocoder_graph(generator)
    return Original(quantize(model, [feeds]) if quantised else model, feeds, params.hop_length)


@pytest.fixture(scope="module", params=[*VARIANTS, "quantised"])
def original(request: pytest.FixtureRequest) -> Original:
    """The graph of one variant."""
    if request.param == "quantised":
        return _original(VARIANTS["excited"], quantised=True)
    return _original(VARIANTS[request.param])


@pytest.fixture(scope="module")
def rewritten(original: Original) -> StreamingVocoder:
    """The same graph as a stream."""
    return make_streaming(original.model)


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model.SerializeToString())


def _pieces(model: onnx.ModelProto, feeds: Feeds, first: int, size: int) -> Iterator[Floats]:
    session = _session(model)
    kinds = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}
    states = {
        item.name: np.zeros(
            [size if isinstance(size, int) else 0 for size in item.shape], kinds[item.type]
        )
        for item in session.get_inputs()
        if item.name.startswith("state_")
    }
    names = [item.name for item in session.get_outputs()]
    cuts = [0, *range(first, FRAMES, size), FRAMES]
    for begin, end in pairwise(cuts):
        piece = {
            name: value[:, :, begin * value.shape[2] // FRAMES : end * value.shape[2] // FRAMES]
            for name, value in feeds.items()
        }
        edges = np.array([begin == 0, end == FRAMES], np.int64)
        made = dict(
            zip(names, session.run(names, {**piece, **states, "edges": edges}), strict=True)
        )
        states = {name: made[f"{name}_out"] for name in states}
        yield made["waveform"][0]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_pieces_equal_the_whole(original: Original, rewritten: StreamingVocoder, size: int) -> None:
    whole = _session(original.model).run(None, original.feeds)[0][0]
    first = rewritten.look_ahead_frames + 1
    pieces = list(_pieces(rewritten.model, original.feeds, first, size))
    assert np.abs(whole).max() > 0.05
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=2e-5)


def test_nothing_waits_longer_than_the_look_ahead(
    original: Original, rewritten: StreamingVocoder
) -> None:
    first_frames = rewritten.look_ahead_frames + 1
    first = next(_pieces(rewritten.model, original.feeds, first_frames, 5))
    assert 0 < len(first) <= 2 * original.hop_length


def test_a_causal_vocoder_needs_no_look_ahead() -> None:
    assert make_streaming(_original(VARIANTS["causal"]).model).look_ahead_frames == 0


@pytest.mark.parametrize("quantised", [False, True])
def test_what_several_read_is_kept_once(quantised: bool) -> None:
    model = make_streaming(_original(VARIANTS["excited"], quantised).model).model
    states = [item.name for item in model.graph.input if item.name.startswith("state_")]
    # Of a block of two pairs: the input of each second convolution, and what the pairs share.
    blocks = len(SMALL["resblock_kernels"]) * (2 * len(SMALL["resblock_dilations"][0]) - 1)
    stages = len(SMALL["upsample_scales"])
    # Of a stage: what is upsampled, and what all blocks begin with. Then mel, source, last layer.
    assert len(states) == 3 + stages * (2 + blocks)


def test_a_quantised_graph_keeps_what_its_kernels_read() -> None:
    streaming = make_streaming(_original(VARIANTS["plain"], quantised=True).model).model
    kinds = {
        item.type.tensor_type.elem_type
        for item in streaming.graph.input
        if item.name.startswith("state_")
    }
    assert kinds == {onnx.TensorProto.UINT8, onnx.TensorProto.FLOAT}


@pytest.mark.parametrize("exclude", [(), ("conv_post", "conv_blocks.1.convs1.0")], ids=len)
def test_time_before_channels_is_the_same_bit_for_bit(exclude: tuple[str, ...]) -> None:
    original = _original(VARIANTS["excited"])
    quantised = quantize(original.model, [original.feeds], StaticOptions(exclude=exclude))
    streaming = make_streaming(quantised)
    turned = channels_last(streaming.model)
    first = streaming.look_ahead_frames + 1
    plain, other = (
        np.concatenate(list(_pieces(model, original.feeds, first, 5)))
        for model in (streaming.model, turned)
    )
    np.testing.assert_array_equal(other, plain)
    kinds = [node.op_type for node in turned.graph.node]
    assert kinds.count("Conv") == len(exclude)
    assert kinds.count("Transpose") == 2 + 2 * len(exclude)  # the two inputs, and FP32 layers


def test_a_graph_without_int8_stays_as_it_is() -> None:
    model = make_streaming(_original(VARIANTS["plain"]).model).model
    assert channels_last(model) is model
