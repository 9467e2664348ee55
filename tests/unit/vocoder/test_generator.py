"""The vocoder as a stream against one call over everything."""

from __future__ import annotations

from itertools import repeat

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.runtime.engine import Floats
from tts_daemon.vocoder.generator import Vocoder

FRAMES = np.abs(toy.weights(90, 37, toy.C)) * 2


def _stream(piece: int, chunk: int) -> Floats:
    vocoder = Vocoder(toy.graphs()["vocoder"], toy.manifest())
    pieces = (FRAMES[begin : begin + piece] for begin in range(0, len(FRAMES), piece))
    return np.concatenate(list(vocoder.stream(pieces, repeat(chunk))))


@pytest.mark.parametrize("piece", [1, 3, 40])
@pytest.mark.parametrize("chunk", [1, 2, 5, 36])
def test_stream_equals_whole(piece: int, chunk: int) -> None:
    whole = _stream(40, 40)
    assert len(whole) == len(FRAMES) * toy.HOP
    np.testing.assert_allclose(_stream(piece, chunk), whole, atol=1e-6)


def test_a_voice_without_an_excitation_needs_mel_only() -> None:
    inputs = {}

    def remember(mel: Floats) -> dict[str, Floats]:
        inputs["mel"] = mel
        return {"waveform": np.zeros((1, mel.shape[2] * toy.HOP), np.float32)}

    manifest = toy.manifest(source=None, f0=None, values_per_frame=toy.MELS)
    vocoder = Vocoder(toy.NumpyGraph(remember), manifest)
    list(vocoder.stream(iter([FRAMES[:, : toy.MELS]]), repeat(40)))
    np.testing.assert_array_equal(inputs["mel"][0], FRAMES[:, : toy.MELS].T)
