"""The vocoder as a stream against one call over everything."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.domain import MelChunk
from tts_daemon.runtime.engine import Array, Floats
from tts_daemon.vocoder.generator import Vocoder

FRAMES = np.abs(toy.weights(90, 37, toy.C)) * 2


def _chunks(size: int) -> Iterator[MelChunk]:
    for begin in range(0, len(FRAMES), size):
        yield MelChunk(FRAMES[begin : begin + size], last=begin + size >= len(FRAMES))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 36])
def test_stream_equals_whole(size: int) -> None:
    vocoder = Vocoder(toy.graphs()["vocoder"], toy.manifest())
    (whole,) = vocoder.stream(_chunks(100))
    assert len(whole) == len(FRAMES) * toy.HOP
    pieces = np.concatenate(list(vocoder.stream(_chunks(size))))
    np.testing.assert_allclose(pieces, whole, atol=1e-6)


def test_the_first_samples_leave_as_soon_as_the_look_ahead_is_there() -> None:
    vocoder = Vocoder(toy.graphs()["vocoder"], toy.manifest())
    first = next(vocoder.stream(_chunks(1)))
    assert len(first) == toy.HOP


def test_interleaved_clauses_do_not_disturb_each_other() -> None:
    vocoder = Vocoder(toy.graphs()["vocoder"], toy.manifest())
    alone = [np.concatenate(list(vocoder.stream(_chunks(size)))) for size in (3, 5)]
    states = [vocoder.start(), vocoder.start()]
    together: list[list[Floats]] = [[], []]
    for threes, fives in zip(_chunks(3), _chunks(5), strict=False):
        together[0].append(vocoder.generate(states[0], threes))
        together[1].append(vocoder.generate(states[1], fives))
    for pieces, expected in zip(together, alone, strict=True):
        made = np.concatenate(pieces)
        np.testing.assert_array_equal(made, expected[: len(made)])


def test_a_voice_without_an_excitation_needs_mel_only() -> None:
    seen = {}

    def remember(mel: Floats, edges: Array) -> dict[str, Array]:
        seen.update(mel=mel, edges=edges)
        return {"waveform": np.zeros((1, mel.shape[2] * toy.HOP), np.float32)}

    manifest = toy.manifest(source=None, f0=None, values_per_frame=toy.MELS)
    vocoder = Vocoder(toy.NumpyGraph(remember), manifest)
    list(vocoder.stream(iter([MelChunk(FRAMES[:, : toy.MELS], last=True)])))
    np.testing.assert_array_equal(seen["mel"][0], FRAMES[:, : toy.MELS].T)
    assert list(seen["edges"]) == [1, 1]
