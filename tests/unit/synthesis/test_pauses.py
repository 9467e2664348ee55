"""Pauses inside a clause, on waveforms that are easy to see through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.pauses import Gap, gaps, widen

RATE = 1000


def voice(samples: int) -> Floats:
    return np.full(samples, 0.5, np.float32)


def silence(samples: int) -> Floats:
    return np.zeros(samples, np.float32)


def _widened(waveform: Floats, wanted: list[Gap], cuts: list[int] | None = None) -> Floats:
    return np.concatenate(list(widen(iter(np.split(waveform, cuts or [])), wanted, RATE)))


def _longest_silence(waveform: Floats) -> int:
    stretches = np.split(waveform, np.flatnonzero(np.diff(waveform == 0)) + 1)
    return max(len(stretch) for stretch in stretches if not stretch.any())


@pytest.mark.parametrize(("made", "heard"), [(30, 200), (120, 200), (200, 200), (260, 260)])
def test_a_floor_is_what_is_heard_whatever_the_model_makes(made: int, heard: int) -> None:
    """Also where the silence lies before the pause's own symbol."""
    waveform = np.concatenate([voice(300), silence(made), voice(300)])
    gap = Gap(first=250, begin=320, end=340, until=300 + made + 40, floor=200)
    widened = _widened(waveform, [gap])
    assert _longest_silence(widened) == heard
    np.testing.assert_array_equal(widened[widened > 0], waveform[waveform > 0])


def test_a_voice_that_does_not_stop_goes_out_and_comes_in() -> None:
    waveform = voice(1000)
    widened = _widened(waveform, [Gap(first=350, begin=500, end=550, until=600, floor=200)])
    assert len(widened) == 1200
    inside = np.flatnonzero(widened == 0)
    assert len(inside) == 200
    before, after = widened[: inside[0]], widened[inside[-1] + 1 :]
    assert np.all(np.diff(before[-50:]) < 0)
    assert np.all(np.diff(after[:15]) > 0)
    assert max(before[-1], after[0]) < 0.01
    np.testing.assert_array_equal(np.concatenate([before[:-50], after[15:]]), voice(935))


def test_the_quietest_place_is_opened() -> None:
    waveform = voice(1000)
    waveform[520:530] = 0.1
    widened = _widened(waveform, [Gap(first=350, begin=500, end=550, until=600, floor=100)])
    assert 520 <= np.flatnonzero(widened == 0)[0] <= 530


@given(
    stretches=st.lists(st.tuples(st.integers(0, 120), st.booleans()), min_size=6, max_size=12),
    cuts=st.lists(st.integers(0, 800), max_size=6).map(sorted),
    floor=st.integers(0, 300),
)
def test_the_chunks_make_no_difference(
    stretches: list[tuple[int, bool]], cuts: list[int], floor: int
) -> None:
    waveform = np.concatenate([voice(n) if loud else silence(n) for n, loud in stretches])
    third = len(waveform) // 3
    wanted = [
        Gap(begin - third // 3, begin, begin + third // 8, begin + third // 4, floor)
        for begin in (third, 2 * third)
    ]
    np.testing.assert_array_equal(_widened(waveform, wanted, cuts), _widened(waveform, wanted))


def test_only_the_gap_is_held_back() -> None:
    pieces = iter([voice(100)] * 10)
    made = widen(pieces, [Gap(first=250, begin=300, end=320, until=350, floor=50)], RATE)
    assert [len(next(made)) for _ in range(3)] == [100, 100, 50]


def test_gaps_lie_around_their_symbols() -> None:
    counts = np.array([10, 20, 4, 6, 30, 0, 8, 10], np.int64)
    floors_s = np.array([0, 0, 0.2, 0, 0, 0.4, 0, 0], np.float32)
    first, second = gaps(counts, floors_s, 10, RATE)
    # 100 ms are half of the final; 30 ms are half of the initial.
    assert first == Gap(first=200, begin=300, end=340, until=370, floor=200)
    # 150 ms are half of the final as well; 40 ms half of the initial.
    assert second == Gap(first=550, begin=700, end=700, until=740, floor=400)


def test_gaps_of_neighbouring_symbols_do_not_overlap() -> None:
    counts = np.array([4, 1, 2, 1, 4], np.int64)
    found = gaps(counts, np.array([0, 0.1, 0, 0.1, 0], np.float32), 10, RATE)
    assert found[0].until <= found[1].first <= found[1].begin <= found[1].end <= found[1].until
