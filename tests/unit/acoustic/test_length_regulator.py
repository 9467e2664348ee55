"""Durations, speed, pauses, positions and the layout of the memory."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.acoustic.encoder import Encoding
from tts_daemon.acoustic.inputs import AcousticInput
from tts_daemon.acoustic.length_regulator import LengthRegulator, Memory
from tts_daemon.runtime.engine import Floats

ENCODING = Encoding(
    text=toy.weights(80, 3, toy.P),
    condition=toy.weights(81, 3, toy.G),
    duration_conditions=(np.zeros((3, 4), np.float32),),
    pitch=np.zeros(3, np.float32),
    energy=np.zeros(3, np.float32),
)
INPUT = AcousticInput(
    symbols=np.zeros((1, 3, 4), np.int64),
    emotions=(np.zeros((1, 3, 4), np.float32),),
    speaker=np.zeros((1, 3, 2), np.float32),
    pauses=np.array([False, False, True]),
)


def _regulate(durations: list[float], **changes: float | Floats) -> Memory:
    values: Floats = np.array(durations, np.float32)
    inputs = replace(INPUT, **changes)  # type: ignore[arg-type]
    return LengthRegulator(toy.manifest()).regulate(ENCODING, values, inputs)


def test_frames_are_laid_out_side_by_side_with_positions() -> None:
    memory = _regulate([2.0, 1.4, 1.0])
    assert memory.frames == 4
    assert memory.values.shape == (2, toy.P * toy.R + toy.G)
    rows = memory.values[:, : toy.P * toy.R].reshape(-1, toy.P)
    expected = [(0, 1), (0, 2), (1, 1), (2, 1)]  # symbol, position inside it
    for row, (symbol, position) in zip(rows, expected, strict=False):
        angles = [position, position, position / 100, position / 100]
        waves = [math.sin(angles[0]), math.cos(angles[1]), math.sin(angles[2]), math.cos(angles[3])]
        np.testing.assert_allclose(row, ENCODING.text[symbol] + waves, atol=1e-6)
    # Padding frames: no text, position 0.
    np.testing.assert_allclose(rows[4:], [[0, 1, 0, 1], [0, 1, 0, 1]], atol=1e-6)
    # A step's condition is that of its first frame.
    np.testing.assert_array_equal(memory.values[0, toy.P * toy.R :], ENCODING.condition[0])
    np.testing.assert_array_equal(memory.values[1, toy.P * toy.R :], ENCODING.condition[2])


@pytest.mark.parametrize(
    ("durations", "frames"),
    [([0.5, 0.0, 0.0], 1), ([0.49, 0.0, 0.0], 0), ([1.5, 2.5, 0.0], 5), ([3.0, 3.0, 3.0], 9)],
)
def test_durations_round_half_up(durations: list[float], frames: int) -> None:
    assert _regulate(durations).frames == frames


@pytest.mark.parametrize(
    ("changes", "frames"),
    [
        ({}, 30),
        ({"speed": 2.0}, 15),
        ({"speed": 0.5}, 60),
        ({"pause": 2.0}, 40),
        ({"pause": 0}, 20),
    ],
)
def test_speed_moves_everything_and_pause_only_the_pauses(
    changes: dict[str, float], frames: int
) -> None:
    assert _regulate([10.0, 10.0, 10.0], **changes).frames == frames


def test_a_pause_with_a_floor_has_time_to_die_away() -> None:
    floors_s = np.array([0, 0, 0.2], np.float32)
    assert list(_regulate([5.0, 5.0, 0.0], floors_s=floors_s).counts) == [5, 5, 5]
    assert list(_regulate([5.0, 5.0, 9.0], floors_s=floors_s).counts) == [5, 5, 9]
    assert list(_regulate([5.0, 5.0, 0.0]).counts) == [5, 5, 0]


def test_the_band_follows_the_longest_symbol_but_not_a_drawn_out_pause() -> None:
    assert _regulate([4.4, 1.0, 1.0]).band == 1
    assert _regulate([4.5, 1.0, 1.0]).band == 2
    assert _regulate([4.5, 1.0, 1.0], speed=0.5).band == 3
    assert _regulate([4.5, 1.0, 6.0], pause=4.0).band == 2


def test_nothing_to_say_is_an_empty_memory() -> None:
    memory = _regulate([0.0, 0.0, 0.0])
    assert (memory.frames, len(memory.values)) == (0, 0)


def test_a_checkpoint_s_own_position_scales_are_used() -> None:
    scales = [0.5, -2.0, 3.0, 4.0]
    regulator = LengthRegulator(toy.manifest(position_scales=scales))
    memory = regulator.regulate(ENCODING, np.array([3.0, 0.0, 0.0], np.float32), INPUT)
    third = memory.values[0, 2 * toy.P : 3 * toy.P]
    waves = [math.sin(3 / 0.5), math.cos(3 / -2.0), math.sin(3 / 3.0), math.cos(3 / 4.0)]
    np.testing.assert_allclose(third, ENCODING.text[0] + waves, atol=1e-6)
