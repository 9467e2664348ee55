"""The postnet as a stream against the postnet as a whole."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.acoustic.postnet import Postnet
from tts_daemon.runtime.engine import Floats


def _whole(frames: Floats) -> Floats:
    """All layers over the whole clause, with zeros around it."""
    count = len(frames)
    x = frames @ toy.weights(31, toy.C, toy.POST_UNITS)
    for layer in range(toy.POST_LAYERS):
        padded = np.pad(x, ((toy.LEFT, toy.RIGHT), (0, 0)))
        taps = toy.weights(32 + layer, toy.LEFT + toy.RIGHT + 1, toy.POST_UNITS)
        x = np.tanh(x + sum(taps[k] * padded[k : k + count] for k in range(len(taps))))
    zeros = np.zeros((1, 1, toy.LSTM), np.float32)
    return toy.postnet_lstm(x[None], frames[None], zeros, zeros)["refined"][0]


def _postnet() -> Postnet:
    graphs = toy.graphs()
    return Postnet(graphs["postnet_fsmn"], graphs["postnet_lstm"], toy.manifest())


@pytest.mark.parametrize("total", [1, 2, 3, 4, 5, 23])
@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 7, 100])
def test_stream_equals_whole(total: int, chunk: int) -> None:
    frames = toy.weights(70, total, toy.C)
    postnet = _postnet()
    state = postnet.start()
    refined = [
        postnet.refine(state, frames[begin : begin + chunk]) for begin in range(0, total, chunk)
    ]
    refined.append(postnet.drain(state))
    np.testing.assert_allclose(np.concatenate(refined), _whole(frames), atol=1e-5)


def test_frames_come_out_as_soon_as_their_look_ahead_is_there() -> None:
    postnet = _postnet()
    state = postnet.start()
    assert len(postnet.refine(state, toy.weights(70, postnet.delay, toy.C))) == 0
    assert len(postnet.refine(state, toy.weights(71, 3, toy.C))) == 3


def test_no_frames_change_nothing() -> None:
    postnet = _postnet()
    state = postnet.start()
    before = state.contexts.copy()
    assert len(postnet.refine(state, np.zeros((0, toy.C), np.float32))) == 0
    np.testing.assert_array_equal(state.contexts, before)
