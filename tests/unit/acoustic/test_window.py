"""What the decoder may look at: never beyond the ends, and projected only once."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.acoustic.length_regulator import Memory
from tts_daemon.acoustic.window import HIDDEN, MemoryWindow, PastRing, rounded_width
from tts_daemon.runtime.engine import Floats

STEPS, BAND = 45, 3
VALUES = toy.weights(60, STEPS, toy.P * toy.R + toy.G)


def _window() -> tuple[MemoryWindow, toy.NumpyGraph]:
    graph = toy.graphs()["memory"]
    return MemoryWindow(
        graph, Memory(VALUES, STEPS, BAND, np.array([STEPS])), toy.manifest().dimensions
    ), graph


def _view(steps: int, value: float = 9.0) -> Floats:
    return np.full((toy.N, toy.H, steps, toy.D), value, np.float32)


@pytest.mark.parametrize(("first", "count"), [(0, 1), (30, 5), (40, 5)])
def test_inputs_are_projected_when_they_are_asked_for(first: int, count: int) -> None:
    window, _ = _window()
    expected = toy.memory(VALUES[None])["step_input"][0, first : first + count]
    inputs = window.inputs(first, count)
    assert inputs.dtype == np.float32
    np.testing.assert_allclose(inputs, expected, rtol=1e-5)


def test_nothing_is_projected_twice() -> None:
    window, graph = _window()
    for first in (0, 10, 40, 0):
        window.inputs(first, 5)
    assert graph.calls == 2


@pytest.mark.parametrize("first", [0, 20, 42])
def test_a_view_holds_zeros_after_the_end(first: int) -> None:
    window, _ = _window()
    keys, values = _view(8), _view(8)
    window.copy_view(first, keys, values)
    whole = toy.memory(VALUES[None])
    held = min(8, STEPS - first)
    for seen, name in ((keys, "memory_keys"), (values, "memory_values")):
        expected = whole[name][:, :, first : first + held]
        np.testing.assert_allclose(seen[:, :, :held], expected, rtol=1e-5)
        assert not seen[:, :, held:].any()


def test_a_step_sees_from_itself_to_the_band_and_not_beyond_the_end() -> None:
    window, _ = _window()
    seen = window.mask(STEPS - 3, rows=2, width=6) == 0
    assert seen.astype(int).tolist() == [[1, 1, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0]]


@pytest.mark.parametrize("calls", [[20], [3, 17], [7, 1, 12]])
def test_steps_written_at_once_lie_where_they_would_one_by_one(calls: list[int]) -> None:
    sizes = toy.manifest().dimensions
    rings = PastRing(BAND, sizes), PastRing(BAND, sizes)
    steps = toy.weights(61, toy.N, toy.H, 20, toy.D)
    first = 0
    for count in calls:
        rings[0].write(first, *[steps[:, :, first : first + count]] * 2)
        first += count
    for step in range(20):
        rings[1].write(step, *[steps[:, :, step : step + 1]] * 2)
    np.testing.assert_array_equal(rings[0].keys, rings[1].keys)
    np.testing.assert_array_equal(rings[0].values, rings[1].values)


@pytest.mark.parametrize("first", [0, 2, 7, 20])
def test_the_ring_shows_the_newest_steps_and_no_others(first: int) -> None:
    ring = PastRing(BAND, toy.manifest().dimensions)
    for step in range(first):
        ring.write(step, _view(1, step), _view(1, -step))
    rows = 2
    mask = ring.mask(first, rows)
    assert HIDDEN < -1e6  # nothing that a score of attention could make up for
    for row in range(rows):
        seen = mask[row] == 0
        assert (mask[row][~seen] == HIDDEN).all()
        steps = [*ring.keys[0, 0, :, 0], *range(first, first + rows)]
        now = first + row
        assert sorted(np.array(steps)[seen]) == list(range(max(0, now - BAND), now + 1))
    assert (ring.values == -ring.keys).all()


@pytest.mark.parametrize(("band", "width"), [(0, 8), (1, 8), (8, 8), (9, 16), (17, 24)])
def test_widths_are_few(band: int, width: int) -> None:
    assert rounded_width(band) == width
