"""The edges of a clause: silence shortened, ends faded, whatever the chunks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.edges import shape_edges, trailing_quiet

RATE = 1000


def _shape(waveform: Floats, cuts: list[int] | None = None, tail_s: float = 0.1) -> Floats:
    pieces = iter(np.split(waveform, cuts or []))
    shaped = list(shape_edges(pieces, RATE, tail_s))
    return np.concatenate(shaped) if shaped else np.zeros(0, np.float32)


def _speech(head: int, middle: int, tail: int) -> Floats:
    parts = [np.zeros(head), np.full(middle, 0.5), np.zeros(tail)]
    return np.concatenate(parts).astype(np.float32)


def test_long_silence_is_shortened_on_both_sides() -> None:
    assert len(_shape(_speech(100, 50, 300))) == 30 + 50 + 100


def test_short_silence_stays() -> None:
    assert len(_shape(_speech(10, 50, 20))) == 80


def test_silence_inside_stays_whole() -> None:
    waveform = np.concatenate([_speech(0, 50, 400), _speech(0, 50, 0)])
    assert len(_shape(waveform)) == 500


def test_no_more_than_a_third_of_a_second_is_cut_before_the_first_sound() -> None:
    assert len(_shape(_speech(1000, 50, 0))) == 1050 - 300 + 30


def test_both_ends_are_faded() -> None:
    shaped = _shape(_speech(0, 50, 0))
    assert 0 < shaped[0] < 0.1
    assert 0 < shaped[-1] < 0.1
    assert np.all(np.diff(shaped[:5]) > 0)
    assert np.all(np.diff(shaped[-5:]) < 0)
    np.testing.assert_array_equal(shaped[5:-5], np.full(40, 0.5, np.float32))


def test_silence_at_the_end_is_counted_over_all_pieces() -> None:
    quiet = 0
    for piece in np.split(_speech(20, 50, 70), [90, 100]):
        quiet = trailing_quiet(piece, quiet)
    assert quiet == 70
    assert trailing_quiet(np.zeros(5, np.float32), 3) == 8


def test_nothing_stays_nothing_and_one_sample_does_no_harm() -> None:
    assert len(_shape(np.zeros(0, np.float32))) == 0
    assert len(_shape(np.ones(1, np.float32))) == 1


@given(
    runs=st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=6),
    cuts=st.lists(st.integers(0, 800), max_size=6).map(sorted),
    tail_s=st.floats(0, 0.5),
)
def test_the_chunks_make_no_difference(
    runs: list[tuple[int, bool]], cuts: list[int], tail_s: float
) -> None:
    waveform = np.concatenate(
        [np.zeros(0), *(np.full(count, 0.5 * loud) for count, loud in runs)]
    ).astype(np.float32)
    np.testing.assert_array_equal(_shape(waveform, cuts, tail_s), _shape(waveform, None, tail_s))


def test_sound_is_passed_on_at_once() -> None:
    taken = []

    def pieces():  # type: ignore[no-untyped-def]
        for index in range(5):
            taken.append(index)
            yield np.full(100, 0.5, np.float32)

    next(shape_edges(pieces(), RATE, 0.1))
    assert len(taken) == 1
