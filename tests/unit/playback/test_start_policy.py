"""When an utterance may begin to be heard, in numbers that can be checked by hand."""

from __future__ import annotations

import pytest

from tts_daemon.playback._start_policy import Pace, StartPolicy

Chunk = tuple[float, float]
"""Seconds of sound, and seconds that it took."""


def policy(
    *chunks: Chunk, pace: Pace | None = None, expected_s: float = 4.0, most_s: float = 100.0
) -> StartPolicy:
    made = StartPolicy(pace or Pace(), expected_s, most_s)
    for audio_s, took_s in chunks:
        made.arrived(audio_s, took_s)
    return made


def starts_at(*chunks: Chunk, pace: Pace | None = None, expected_s: float = 4.0) -> int | None:
    """Number of the chunk at which it starts, from 1."""
    numbers = range(1, len(chunks) + 1)
    begun = (
        number
        for number in numbers
        if policy(*chunks[:number], pace=pace, expected_s=expected_s).may_start()
    )
    return next(begun, None)


def pace(**newest: list[float]) -> Pace:
    made = Pace()
    for name, values in newest.items():
        getattr(made, name).extend(values)
    return made


@pytest.mark.parametrize(
    ("chunks", "number"),
    [
        # Just as fast as speech: at once.
        ([(1, 1)], 1),
        ([(1, 0.2)], 1),
        # Twice as slow, with a margin of 1.1: 1.2 s held for each second to come, and a chunk.
        ([(1, 2)] * 4, 3),
        ([(0.5, 1)] * 8, 5),
        # The longest chunk counts, not the newest.
        ([(2, 4), (0.2, 0.4), (0.2, 0.4), (0.2, 0.4), (0.6, 1.2)], 5),
        # The first chunk also pays for reading the text: known better from the second on.
        ([(1, 5), (1, 0.5)], 2),
        ([(1, 0.5), (1, 3), (1, 3), (1, 3)], 1),
    ],
)
def test_it_starts_as_soon_as_it_cannot_run_dry(chunks: list[Chunk], number: int) -> None:
    assert starts_at(*chunks) == number


def test_what_is_longer_than_expected_does_not_count_against_it() -> None:
    assert policy((3, 6), (3, 6), expected_s=5).may_start()
    assert policy((5, 10), expected_s=1).may_start()


@pytest.mark.parametrize(("held_s", "starts"), [(0.9, False), (1.0, True), (1.1, True)])
def test_a_full_buffer_starts_whatever_the_speed(held_s: float, starts: bool) -> None:
    assert policy((held_s, 50.0), expected_s=60.0, most_s=1.0).may_start() is starts


def test_the_worst_of_now_and_of_late_is_reckoned_with() -> None:
    slow = pace(factors=[0.5, 2.0, 0.5])
    assert starts_at(*[(1, 0.5)] * 4, pace=slow) == 3
    assert starts_at(*[(1, 2)] * 4, pace=pace(factors=[0.5])) == 1
    # From the second chunk on it is known better.
    assert not policy((1, 2), (1, 2), pace=pace(factors=[0.5])).may_start()


@pytest.mark.parametrize(
    ("lags", "waited_s", "starts"),
    [
        ([0.3, 0.5, 0.4], 0.0, False),
        ([0.3, 0.5, 0.4], 0.29, False),
        ([0.3, 0.5, 0.4], 0.31, True),
        ([0.3, 0.5], 0.0, True),
        ([9.0, 0.0, 9.0], 0.0, True),
    ],
)
def test_a_lag_that_came_every_time_is_waited_for(
    lags: list[float], waited_s: float, starts: bool
) -> None:
    learnt = pace(lags=lags, factors=[0.5])
    chunks: list[Chunk] = [(1, 0.7), (1, waited_s)] if waited_s else [(1, 0.7)]
    assert policy(*chunks, pace=learnt).may_start() is starts


class TestLearning:
    def test_speed_lag_and_length(self) -> None:
        learnt = Pace()
        spoken = policy((0.2, 0.1), (1.0, 0.5), (0.8, 0.1), pace=learnt)
        assert (spoken.audio_s, spoken.took_s) == (pytest.approx(2.0), pytest.approx(0.7))
        spoken.learn(5)
        assert list(learnt.factors) == [pytest.approx(0.35)]
        # The second chunk came 0.5 s after the first, which had 0.2 s to be heard.
        assert list(learnt.lags) == [pytest.approx(0.3)]
        assert list(learnt.seconds_per_character) == [pytest.approx(0.4)]

    @pytest.mark.parametrize(("took_s", "lags"), [(0.9, 1), (1.0, 1), (1.1, 0)])
    def test_a_lag_says_something_only_where_speech_is_kept_up_with(
        self, took_s: float, lags: int
    ) -> None:
        learnt = Pace()
        policy((1, took_s), pace=learnt).learn(3)
        assert len(learnt.lags) == lags
        assert list(learnt.factors) == [took_s]

    def test_what_was_recalled_teaches_lengths_only(self) -> None:
        learnt = Pace()
        recalled = policy((1, 1), pace=learnt)
        recalled.arrived(2, 0.0, recalled=True)
        recalled.learn(6)
        assert list(learnt.seconds_per_character) == [0.5]
        assert not learnt.factors
        assert not learnt.lags

    def test_a_recalled_chunk_says_nothing_of_the_speed(self) -> None:
        mixed = policy((1, 2), expected_s=10)
        mixed.arrived(1, 0.0, recalled=True)
        mixed.arrived(1, 2.0)
        assert not mixed.may_start()

    def test_nothing_teaches_nothing(self) -> None:
        learnt = Pace()
        policy(pace=learnt).learn(5)
        policy((1, 1), pace=learnt).learn(0)
        assert not learnt.seconds_per_character
        assert list(learnt.factors) == [1.0]

    def test_old_utterances_are_forgotten(self) -> None:
        learnt = Pace()
        for number in range(1, 13):
            policy((float(number), 1.0), pace=learnt).learn(1)
        assert list(learnt.factors) == [1 / 10, 1 / 11, 1 / 12]
        assert len(learnt.lags) == 3
        assert list(learnt.seconds_per_character) == [5, 6, 7, 8, 9, 10, 11, 12]


@pytest.mark.parametrize(
    ("measured", "expected_s"), [([], 3.0), ([0.1, 0.2], 3.0), ([0.2, 0.5, 0.4], 5.0)]
)
def test_speech_is_expected_too_long_rather_than_too_short(
    measured: list[float], expected_s: float
) -> None:
    assert pace(seconds_per_character=measured).expected_s(10) == pytest.approx(expected_s)
