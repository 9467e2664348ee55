"""Our own kernels play what ONNX Runtime plays, however a stream is cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes.kernels import built
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_daemon.errors import VoiceError
from tts_daemon.native.layout import UnsupportedLayoutError, read_vocoder
from tts_daemon.native.library import Library, NativeVocoder, Pool
from tts_daemon.runtime.engine import Floats, GraphOptions
from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.native_engine import NativeEngine
from tts_daemon.runtime.onnx_engine import OnnxEngine

CHECKOUT = Path(__file__).parents[2]
VOICES = {
    "tiny": CHECKOUT / "tests/data/tiny_voice/vocoder.onnx",
    "xiaoyu": CHECKOUT / "models/xiaoyu/vocoder.onnx",
}
SNR_DB = 90
"""Fast convolution in FP32 beside plain FP32; seen: 106 (xiaoyu) and 119 (tiny)."""
FRAMES = 60


@pytest.fixture(scope="module")
def library() -> Library:
    """The kernels of this checkout."""
    return Library(built())


@pytest.fixture(scope="module", params=VOICES)
def path(request: pytest.FixtureRequest) -> Path:
    """A vocoder's graph."""
    return VOICES[request.param]


def _vocoders(library: Library, path: Path) -> Iterator[NativeVocoder]:
    layout, layers = read_vocoder(path)
    for kernels in library.kernels():
        yield NativeVocoder(library, layout, layers, kernels)


def _inputs(vocoder: NativeVocoder) -> tuple[Floats, Floats | None]:
    """Mel like noise [T, n_mels] and an excitation like a buzz [H, N]."""
    random, layout = np.random.default_rng(3), vocoder.layout
    mel = random.normal(0, 1, (FRAMES, layout.n_mels)).astype(np.float32)
    if not layout.harmonics:
        return mel, None
    times = np.arange(FRAMES * layout.hop_length) / 80
    multiples = np.arange(1, layout.harmonics + 1)[:, None]
    return mel, (0.1 * np.sin(times * multiples)).astype(np.float32)


def _spoken(
    vocoder: NativeVocoder, pool: Pool, mel: Floats, source: Floats | None, cuts: list[int]
) -> Floats:
    """The waveform of pieces that end at `cuts`."""
    state, hop, pieces = vocoder.begin(), vocoder.layout.hop_length, []
    ends = [*cuts, len(mel)]
    for begin, end in zip([0, *cuts], ends, strict=True):
        piece = None if source is None else source[:, begin * hop : end * hop]
        made, state = vocoder.run(pool, state, mel[begin:end], piece, end == len(mel))
        pieces.append(made)
    return np.concatenate(pieces)


def _reference(path: Path, mel: Floats, source: Floats | None) -> Floats:
    graph = OnnxEngine().load(path, GraphOptions())
    inputs = {"mel": mel.T[None].copy(), "edges": np.array([1, 1]), **graph.empty_states()}
    if source is not None:
        inputs["source"] = source[None]
    waveform: Floats = graph.run(inputs)["waveform"][0]
    return waveform


def _snr_db(reference: Floats, waveform: Floats) -> float:
    noise = np.square(reference - waveform).mean()
    return float(10 * np.log10(np.square(reference).mean() / max(noise, 1e-30)))


@given(cuts=st.lists(st.integers(1, FRAMES - 1), max_size=6, unique=True).map(sorted))
@settings(max_examples=15)
def test_pieces_of_any_length_are_the_waveform_of_the_graph(
    library: Library, path: Path, cuts: list[int]
) -> None:
    pool = Pool(library, 1)
    for vocoder in _vocoders(library, path):
        mel, source = _inputs(vocoder)
        expected = _reference(path, mel, source)
        made = _spoken(vocoder, pool, mel, source, cuts)
        assert len(made) == len(expected) == FRAMES * vocoder.layout.hop_length
        assert _snr_db(expected, made) > SNR_DB, vocoder.kernels
