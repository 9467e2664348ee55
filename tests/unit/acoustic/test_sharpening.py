"""Sharpening over chunks of any size is that of the whole."""

from __future__ import annotations

import numpy as np
import pytest

from tts_daemon.acoustic.sharpening import Sharpener
from tts_daemon.runtime.engine import Floats
from tts_daemon.voices.sharpening import Sharpening

FRAMES = np.random.default_rng(0).standard_normal((23, 6)).astype(np.float32)
MELS = 4


def _streamed(sharpener: Sharpener, sizes: list[int]) -> Floats:
    state, made = sharpener.start(), []
    pieces = np.split(FRAMES, np.cumsum(sizes))
    for index, piece in enumerate(pieces):
        made.append(sharpener.sharpen(state, piece, last=index == len(pieces) - 1))
    return np.concatenate(made)


def _whole(strength: float, radius: int) -> Floats:
    mels = np.pad(FRAMES[:, :MELS], ((radius, radius), (0, 0)), mode="edge")
    window = np.lib.stride_tricks.sliding_window_view(mels, 2 * radius + 1, axis=0)
    expected = FRAMES.copy()
    expected[:, :MELS] += strength * (FRAMES[:, :MELS] - window.mean(axis=2))
    return expected


@pytest.mark.parametrize("sizes", [[], [1] * 22, [0, 3, 0, 9], [5, 5, 5], [23], [1, 20]])
@pytest.mark.parametrize("radius", [1, 2, 9, 20])
def test_any_split_is_the_whole(sizes: list[int], radius: int) -> None:
    made = _streamed(Sharpener(Sharpening(0.3, radius), MELS), sizes)
    np.testing.assert_allclose(made, _whole(0.3, radius), atol=1e-5)


def test_only_so_many_frames_wait() -> None:
    sharpener = Sharpener(Sharpening(0.3, 2), MELS)
    assert sharpener.delay == 2
    assert len(sharpener.sharpen(sharpener.start(), FRAMES[:10], last=False)) == 8


@pytest.mark.parametrize("wanted", [None, Sharpening(0.0, 2)])
def test_a_voice_that_states_none_is_left_alone(wanted: Sharpening | None) -> None:
    sharpener = Sharpener(wanted, MELS)
    assert sharpener.delay == 0
    assert sharpener.sharpen(sharpener.start(), FRAMES, last=False) is FRAMES
