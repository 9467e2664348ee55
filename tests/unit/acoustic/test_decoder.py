"""The decoder loop against attention written out over the whole clause."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.acoustic.decoder import Decoder, DecoderState
from tts_daemon.acoustic.length_regulator import Memory
from tts_daemon.runtime.engine import Floats


def _memory(steps: int, band: int) -> Memory:
    counts = np.array([steps * toy.R])
    return Memory(toy.weights(60, steps, toy.P * toy.R + toy.G) * 3, steps * toy.R, band, counts)


def _written_out(memory: Memory, autoregressive: bool) -> Floats:
    """Every step computed anew from all steps before it; nothing is kept but the frames."""
    steps, band = len(memory.values), memory.band
    projected = toy.memory(memory.values[None])
    row, column = np.ogrid[:steps, :steps]
    past_mask = np.where((column <= row) & (column >= row - band), 0, -1e9).astype(np.float32)
    memory_mask = np.where((column >= row) & (column <= row + band), 0, -1e9).astype(np.float32)
    nothing = np.zeros((toy.N, toy.H, 0, toy.D), np.float32)
    previous = np.zeros((1, steps, toy.C), np.float32)
    frames = np.zeros((steps, toy.R, toy.C), np.float32)
    for step in range(steps):
        outputs = toy.decoder(
            previous,
            projected["step_input"],
            nothing,
            nothing,
            past_mask,
            projected["memory_keys"],
            projected["memory_values"],
            memory_mask,
        )
        frames[step] = outputs["frames"].reshape(steps, toy.R, toy.C)[step]
        if autoregressive and step + 1 < steps:
            previous[0, step + 1] = frames[step, -1]
    return frames.reshape(-1, toy.C)


def _decoder(autoregressive: bool) -> Decoder:
    graphs = toy.graphs(autoregressive)
    return Decoder(graphs["decoder"], graphs["memory"], toy.manifest(autoregressive=autoregressive))


@pytest.mark.parametrize("autoregressive", [True, False])
@pytest.mark.parametrize("band", [0, 1, 3, 8, 9])
@pytest.mark.parametrize("calls", [[50], [1] * 50, [3, 20, 7, 20], [16, 16, 16]])
def test_any_split_equals_the_whole(autoregressive: bool, band: int, calls: list[int]) -> None:
    memory = _memory(steps=45, band=band)
    decoder = _decoder(autoregressive)
    state = decoder.start(memory)
    frames = np.concatenate([decoder.decode(state, steps) for steps in calls])
    expected = _written_out(memory, autoregressive)
    assert len(frames) == len(expected)
    np.testing.assert_allclose(frames, expected, atol=1e-5)


def _in_threes(decoder: Decoder, state: DecoderState) -> Floats:
    return np.concatenate([decoder.decode(state, 3) for _ in range(10)])


@pytest.mark.parametrize("autoregressive", [True, False])
def test_interleaved_clauses_do_not_disturb_each_other(autoregressive: bool) -> None:
    decoder = _decoder(autoregressive)
    memories = [_memory(steps=20, band=3), _memory(steps=30, band=5)]
    alone = [_in_threes(decoder, decoder.start(memory)) for memory in memories]
    states = [decoder.start(memory) for memory in memories]
    together: list[list[Floats]] = [[], []]
    for _ in range(10):
        for state, pieces in zip(states, together, strict=True):
            pieces.append(decoder.decode(state, 3))
    for pieces, expected in zip(together, alone, strict=True):
        np.testing.assert_array_equal(np.concatenate(pieces), expected)


def test_the_memory_is_projected_as_it_is_needed() -> None:
    graphs = toy.graphs()
    decoder = Decoder(graphs["decoder"], graphs["memory"], toy.manifest())
    state = decoder.start(_memory(steps=300, band=2))
    decoder.decode(state, 1)
    after_first = graphs["memory"].calls
    decoder.decode(state, 299)
    assert after_first < graphs["memory"].calls / 2


def test_an_empty_clause_makes_no_frames() -> None:
    decoder = _decoder(autoregressive=False)
    assert decoder.start(_memory(steps=0, band=0)).remaining == 0
