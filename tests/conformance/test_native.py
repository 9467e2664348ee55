"""Our own kernels play what ONNX Runtime plays, however a stream is cut."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fakes.kernels import built
from fakes.vocoders import FRAMES, LAYOUTS, Example, example
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_daemon.errors import VoiceError
from tts_daemon.native.layout import Convolution, Layout, UnsupportedLayoutError, read_vocoder
from tts_daemon.native.library import Library, LibraryMissingError, NativeVocoder, Pool, State
from tts_daemon.runtime.engine import Floats, GraphOptions
from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.native_engine import fitting
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.voices.store import VoiceStore

CHECKOUT = Path(__file__).parents[2]
SNR_DB = 90
"""Fast convolution in FP32 beside plain FP32; seen: 97 (published size) to 119."""
CUTS = st.lists(st.integers(1, FRAMES - 1), max_size=6, unique=True).map(sorted)


@pytest.fixture(scope="module")
def library() -> Library:
    """The kernels of this checkout."""
    return Library(built())


@pytest.fixture(scope="module")
def pool(library: Library) -> Pool:
    """No threads but the caller's."""
    return Pool(library, 1)


@pytest.fixture(scope="module", params=LAYOUTS)
def exact(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """A vocoder in FP32 of every layout."""
    return example(tmp_path_factory.mktemp("exact"), LAYOUTS[request.param])


@pytest.fixture(
    scope="module", params=[(), ("upsamples.1", "conv_blocks.1.convs1.0", "conv_blocks.4.convs2.1")]
)
def int8(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """A vocoder in INT8, and one with some layers in FP32."""
    directory = tmp_path_factory.mktemp("int8")
    return example(directory, LAYOUTS["excited"], int8=True, exclude=request.param)


def _vocoders(library: Library, path: Path) -> list[NativeVocoder]:
    layout, layers = read_vocoder(path)
    return [NativeVocoder(library, layout, layers, kernels) for kernels in library.kernels()]


def _pieces(vocoder: NativeVocoder, pool: Pool, spoken: Example, cuts: list[int]) -> list[Floats]:
    """The waveform, in pieces that end at `cuts`."""
    state, made = vocoder.begin(), []
    for begin, end in pairwise([0, *cuts, FRAMES]):
        piece, state = _piece(vocoder, pool, spoken, state, begin, end)
        made.append(piece)
    return made


def _piece(
    vocoder: NativeVocoder, pool: Pool, spoken: Example, state: State, begin: int, end: int
) -> tuple[Floats, State]:
    hop = vocoder.layout.hop_length
    source = None if spoken.source is None else spoken.source[:, begin * hop : end * hop]
    return vocoder.run(pool, state, spoken.mel[begin:end], source, end == FRAMES)


def _snr_db(reference: Floats, waveform: Floats) -> float:
    noise = np.square(reference - waveform).mean()
    return float(10 * np.log10(np.square(reference).mean() / max(noise, 1e-30)))


@given(cuts=CUTS)
@settings(max_examples=15)
def test_fp32_in_pieces_is_the_graph(
    library: Library, pool: Pool, exact: Example, cuts: list[int]
) -> None:
    for vocoder in _vocoders(library, exact.path):
        made = np.concatenate(_pieces(vocoder, pool, exact, cuts))
        assert _snr_db(exact.exact, made) > SNR_DB, vocoder.kernels


@given(cuts=CUTS)
@settings(max_examples=15)
def test_int8_in_pieces_is_the_whole_bit_for_bit(
    library: Library, pool: Pool, int8: Example, cuts: list[int]
) -> None:
    vocoder = _vocoders(library, int8.path)[0]
    if not vocoder.kernels.endswith(("vnni", "dot")):
        pytest.skip("this processor has no INT8 kernels")
    if "upsamples.1" in _fp32_layers(int8.path):
        return  # fast convolutions in FP32 are not bit for bit; the next test has them
    (whole,) = _pieces(vocoder, pool, int8, [])
    np.testing.assert_array_equal(np.concatenate(_pieces(vocoder, pool, int8, cuts)), whole)


def _fp32_layers(path: Path) -> list[str]:
    layout, layers = read_vocoder(path)
    names = ["source", "pre", *(f"upsamples.{i}" for i in range(len(layout.scales)))]
    each = 2 + 2 * layout.blocks * layout.pairs
    ups = [layers[2 + i * each] for i in range(len(layout.scales))]
    return [name for name, layer in zip(names[2:], ups, strict=True) if layer.bytes is None]


def test_int8_is_nearer_to_fp32_than_the_graph_in_int8(
    library: Library, pool: Pool, int8: Example
) -> None:
    graph = OnnxEngine().load(int8.path, GraphOptions())
    inputs = {"mel": int8.mel.T[None].copy(), "edges": np.array([1, 1]), **graph.empty_states()}
    assert int8.source is not None
    theirs = graph.run({**inputs, "source": int8.source[None]})["waveform"][0]
    for vocoder in _vocoders(library, int8.path):
        ours = np.concatenate(_pieces(vocoder, pool, int8, [FRAMES // 2]))
        assert _snr_db(int8.exact, ours) > _snr_db(int8.exact, theirs), vocoder.kernels


def test_the_first_samples_leave_with_the_first_frame_beyond_the_look_ahead(
    library: Library, pool: Pool, exact: Example
) -> None:
    graph = OnnxEngine().load(exact.path, GraphOptions())
    for frames in (30, 35):
        inputs = {"mel": exact.mel[:frames].T[None].copy(), "edges": np.array([1, 0])}
        if exact.source is not None:
            samples = exact.source.shape[1] * frames // FRAMES
            inputs["source"] = exact.source[None, :, :samples].copy()
        theirs = graph.run({**inputs, **graph.empty_states()})["waveform"][0]
        for vocoder in _vocoders(library, exact.path):
            ours, _ = _piece(vocoder, pool, exact, vocoder.begin(), 0, frames)
            assert len(ours) == len(theirs) > 0


def test_streams_at_the_same_time_are_as_if_alone(library: Library, int8: Example) -> None:
    vocoder, shared = _vocoders(library, int8.path)[0], Pool(library, 3)
    cuts = [[], [7], [3, 9, 30], list(range(1, FRAMES))]
    alone = [np.concatenate(_pieces(vocoder, shared, int8, cut)) for cut in cuts]
    made: dict[int, Floats] = {}

    def speak(index: int) -> None:
        for _ in range(5):
            made[index] = np.concatenate(_pieces(vocoder, shared, int8, cuts[index]))

    threads = [threading.Thread(target=speak, args=(index,)) for index in range(len(cuts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, expected in enumerate(alone):
        assert _snr_db(expected, made[index]) > SNR_DB


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_threads_share_the_work_and_not_the_result(
    library: Library, pool: Pool, exact: Example, threads: int
) -> None:
    vocoder = _vocoders(library, exact.path)[0]
    one, several = (_pieces(vocoder, each, exact, [11]) for each in (pool, Pool(library, threads)))
    assert _snr_db(np.concatenate(one), np.concatenate(several)) > SNR_DB


def test_a_call_does_not_change_the_state_that_it_is_given(
    library: Library, pool: Pool, exact: Example
) -> None:
    vocoder = _vocoders(library, exact.path)[0]
    _, state = _piece(vocoder, pool, exact, vocoder.begin(), 0, 15)
    before = state.copy()
    first, second = (_piece(vocoder, pool, exact, state, 15, 30)[0] for _ in "12")
    np.testing.assert_array_equal(state, before)
    np.testing.assert_array_equal(first, second)


def test_what_does_not_fit_is_a_clear_error(library: Library, pool: Pool, exact: Example) -> None:
    vocoder = _vocoders(library, exact.path)[0]
    mel, source, state = exact.mel[:9], None, vocoder.begin()
    if exact.source is not None:
        source = exact.source[:, : 9 * vocoder.layout.hop_length]
    for bad in (
        (state, mel[:, :70], source),
        (state[:100], mel, source),
        (state, mel, np.zeros((3, 7), np.float32)),
        (state, mel[0], source),
    ):
        with pytest.raises(VoiceError, match="vocoder"):
            vocoder.run(pool, *bad, last=True)


@pytest.mark.parametrize("damage", [{"dilation": 0}, {"left": 1000}, {"stride": 3}, {"taps": 5}])
@pytest.mark.parametrize("place", [0, 1, 2, -1])
def test_layers_that_do_not_fit_are_refused(
    library: Library, exact: Example, damage: dict[str, int], place: int
) -> None:
    layout, layers = read_vocoder(exact.path)
    changed = list(layers)
    changed[place] = _damaged(layers[place], **damage)
    with pytest.raises(UnsupportedLayoutError, match="refuse"):
        NativeVocoder(library, layout, changed, library.kernels()[-1])


def _damaged(layer: Convolution, taps: int = 0, **changes: int) -> Convolution:
    values = {name: getattr(layer, name) for name in Convolution.__slots__}
    if taps:
        values["weights"] = np.zeros((*layer.weights.shape[:2], taps), np.float32)
    return Convolution(**{**values, **changes})


def test_a_layout_with_other_counts_is_refused(library: Library, exact: Example) -> None:
    layout, layers = read_vocoder(exact.path)
    values = {name: getattr(layout, name) for name in Layout.__slots__}
    for change in ({"blocks": 1}, {"scales": (5,)}, {"scales": (5, 2, 2)}, {"bands": 2}):
        with pytest.raises(UnsupportedLayoutError, match="refuse"):
            NativeVocoder(library, Layout(**{**values, **change}), layers, library.kernels()[0])


@pytest.mark.parametrize(
    ("voice", "int8", "chosen"),
    [("excited", True, "avx512_vnni"), ("excited", False, "avx2"), ("wide", False, "avx512_vnni")],
)
def test_half_empty_vectors_are_avoided_in_fp32(
    tmp_path: Path, voice: str, int8: bool, chosen: str
) -> None:
    params = replace(LAYOUTS["excited"], channels=64) if voice == "wide" else LAYOUTS[voice]
    _, layers = read_vocoder(example(tmp_path, params, int8=int8).path)
    assert fitting(["avx512_vnni", "avx512", "avx2"], layers) == chosen
    assert fitting(["neon"], layers) == "neon"


def test_without_the_library_onnx_plays_unless_the_kernels_are_asked_for(
    exact: Example, tmp_path: Path
) -> None:
    usual = Engines("auto", tmp_path / "none.so")
    usual.load(exact.path, GraphOptions())
    assert usual.vocoder == "onnx"
    with pytest.raises(LibraryMissingError, match="scripts/build-native"):
        Engines("native", tmp_path / "none.so").load(exact.path, GraphOptions())


def test_what_was_tuned_counts_where_nothing_else_is_asked_for(exact: Example) -> None:
    for choice, tuned, playing in [
        ("auto", "onnx", "onnx"),
        ("auto", "native", "native"),
        ("auto", "auto", "native"),
        ("native", "onnx", "native"),
        ("onnx", "native", "onnx"),
    ]:
        engines = Engines(choice, built())
        engines.load(exact.path, GraphOptions(engine=tuned))
        assert engines.vocoder.startswith(playing)


@pytest.mark.parametrize(
    ("models", "voice"),
    [(CHECKOUT / "tests/data", "tiny_voice"), (CHECKOUT / "models", "wuyin")],
    ids=["tiny_voice", "wuyin"],
)
def test_a_voice_speaks_as_it_does_with_onnx(models: Path, voice: str) -> None:
    waveforms = []
    for engines in (Engines("onnx"), Engines("native", built())):
        pool = VoicePool(VoiceStore([models], voice), engines, threads=2)
        style = pool.get().usual_style
        synthesizer = Synthesizer(Frontend(), pool)
        chunks = synthesizer.stream("你好，今天天气怎么样？", style)
        waveforms.append(np.concatenate([chunk.samples for chunk in chunks]))
    assert engines.vocoder.startswith("native (")
    assert _snr_db(*waveforms) > 60  # 16 bits
