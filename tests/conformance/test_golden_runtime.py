"""The runtime against the reference implementation: golden model directories, converted and spoken.

The directories (tests/golden) hold what the reference made of three sentences each: durations, mel,
waveform without noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from fakes.golden_voices import DIRECTORIES, convert
from numpy.typing import NDArray

from tts_daemon.acoustic.inputs import AcousticInput
from tts_daemon.domain import MelChunk
from tts_daemon.runtime.engine import Floats
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.synthesis.voice import Voice
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.voices.store import VoiceStore

pytest.importorskip("torch", reason="the workshop converts the directories: pip install .[convert]")

SENTENCES = range(3)
TOLERANCE = 1e-3
"""Of the exported graphs; measured: mel 1e-6, waveform 2e-5."""

Golden = dict[str, NDArray[np.generic]]


@pytest.fixture(scope="module", params=DIRECTORIES, ids=lambda path: path.name)
def directory(request: pytest.FixtureRequest) -> Path:
    """A golden model directory."""
    path: Path = request.param
    return path


@pytest.fixture(scope="module")
def golden(directory: Path) -> Golden:
    """What the reference made."""
    with np.load(directory / "golden.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def voice(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Voice:
    """The directory as a voice package, loaded by the runtime."""
    models = tmp_path_factory.mktemp("models")
    convert(directory, models / "golden")
    return VoicePool(VoiceStore([models]), OnnxEngine(), threads=1).get("golden")


def _inputs(voice: Voice, golden: Golden, sentence: int) -> AcousticInput:
    """The golden ids; the end symbol is cut off before the model."""

    def ids(field: str) -> NDArray[np.int64]:
        return golden[f"ids_{field}_{sentence}"][:-1].astype(np.int64)

    symbols = np.stack([ids(field) for field in ("sy", "tone", "syl", "ws")], axis=1)
    usual = voice.acoustic.inputs.build(symbols, voice.usual_style)
    speakers = usual.speaker.shape[-1]
    return AcousticInput(
        symbols=usual.symbols,
        emotions=(_one_hot(ids("emo"), usual.emotions[0].shape[-1]),),
        speaker=usual.speaker if speakers == 1 else _one_hot(ids("spk"), speakers),
        pauses=usual.pauses,
    )


def _one_hot(ids: NDArray[np.int64], width: int) -> Floats:
    return np.eye(width, dtype=np.float32)[ids][None]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("size", [4, 10_000])
def test_mel(voice: Voice, golden: Golden, sentence: int, size: int) -> None:
    chunks = voice.acoustic.stream(_inputs(voice, golden, sentence), repeat(size))
    frames = np.concatenate([chunk.frames for chunk in chunks])
    np.testing.assert_allclose(frames, golden[f"mel_raw_{sentence}"], atol=TOLERANCE)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("size", [5, 10_000])
def test_waveform(voice: Voice, golden: Golden, sentence: int, size: int) -> None:
    source, hop_length = voice.manifest.source, voice.manifest.hop_length
    harmonics = source.harmonics if source else 0
    state = voice.vocoder.start(
        noise=lambda frames: np.zeros((frames, harmonics, hop_length), np.float32),
        phases=np.zeros(harmonics, np.float32),
    )
    waveform = np.concatenate(
        list(voice.vocoder.stream(_pieces(golden[f"mel_raw_{sentence}"], size), state))
    )
    np.testing.assert_allclose(waveform, golden[f"wav_{sentence}"], atol=TOLERANCE)


def _pieces(frames: NDArray[np.generic], size: int) -> Iterator[MelChunk]:
    for begin in range(0, len(frames), size):
        piece = frames[begin : begin + size].astype(np.float32)
        yield MelChunk(piece, last=begin + size >= len(frames))
