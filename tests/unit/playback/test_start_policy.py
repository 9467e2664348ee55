"""When an utterance may begin to be heard, against a simulated listener who notices every hole."""

from __future__ import annotations

import itertools

import pytest

from tts_daemon.domain import Clause, Style
from tts_daemon.playback._start_policy import Outline, Pace, StartPolicy, outline_of
from tts_daemon.vocoder.chunking import ChunkPlan

FRAME_S = 0.0125
Chunk = tuple[float, float, int]
"""Seconds of sound, seconds that it took, and the clause that it belongs to."""


def chunks_of(lengths_s: list[float], factor: float) -> list[Chunk]:
    """What a synthesizer with this real-time factor makes of clauses of these lengths."""
    made: list[Chunk] = []
    for clause, left_s in enumerate(lengths_s):
        plan = ChunkPlan() if clause == 0 else ChunkPlan().later()
        rest_s = left_s
        for frames in plan.sizes():
            audio_s = min(rest_s, frames * FRAME_S)
            made.append((audio_s, factor * audio_s, clause))
            rest_s -= audio_s
            if rest_s <= 1e-9:
                break
    return made


def policy(
    chunks: list[Chunk], pace: Pace | None = None, *, clauses: int = 1, most_s: float = 100.0
) -> StartPolicy:
    """A policy that was told of these chunks, of a text of so many clauses of 12 syllables."""
    made = StartPolicy(pace or Pace(), [Outline(12)] * clauses, most_s)
    for audio_s, took_s, clause in chunks:
        made.arrived(audio_s, took_s, clause)
    return made


def start_s(chunks: list[Chunk], pace: Pace) -> float:
    """When it starts, in seconds after the synthesis began; it has to start at last."""
    now_s, clauses = 0.0, chunks[-1][2] + 1
    for count in range(1, len(chunks) + 1):
        now_s += chunks[count - 1][1]
        wait_s = policy(chunks[:count], pace, clauses=clauses).start_in_s()
        if wait_s is not None:
            return now_s + wait_s
    return now_s


def hole_s(chunks: list[Chunk], begin_s: float) -> float:
    """The longest silence that somebody hears who begins to listen at `begin_s`."""
    made_s, heard_s, worst_s = 0.0, begin_s, 0.0
    for audio_s, took_s, _ in chunks:
        made_s += took_s
        worst_s = max(worst_s, made_s - heard_s)
        heard_s = max(heard_s, made_s) + audio_s
    return worst_s


def shortest_s(chunks: list[Chunk]) -> float:
    """The earliest start without a hole."""
    ends_s = itertools.accumulate(took_s for _, took_s, _ in chunks)
    before_s = itertools.accumulate((audio_s for audio_s, *_ in chunks), initial=0.0)
    return max(end_s - heard_s for end_s, heard_s in zip(ends_s, before_s, strict=False))


def learnt(factor: float, lengths_s: list[float]) -> Pace:
    """The pace after one such utterance."""
    pace = Pace()
    policy(chunks_of(lengths_s, factor), pace, clauses=len(lengths_s)).learn()
    return pace


@pytest.mark.parametrize("factor", [0.05, 0.4, 0.7, 0.95, 1.3, 2.0])
@pytest.mark.parametrize("lengths_s", [[3.0], [2.9, 3.1, 3.0]])
def test_nobody_hears_a_hole_and_nobody_waits_long(factor: float, lengths_s: list[float]) -> None:
    chunks = chunks_of(lengths_s, factor)
    begin_s = start_s(chunks, learnt(factor, lengths_s))
    assert hole_s(chunks, begin_s) < 0.02
    # What a text may be longer than foreseen is waited for as well: an eighth of it, and a chunk.
    assert begin_s <= shortest_s(chunks) + 0.2 * factor * sum(lengths_s) + 0.6


def test_a_fast_machine_starts_at_its_first_chunk() -> None:
    chunks = chunks_of([3.0], 0.1)
    assert policy(chunks[:1], learnt(0.1, [3.0])).start_in_s() == 0.0
    assert learnt(0.1, [3.0]).is_fast
    assert not learnt(0.5, [3.0]).is_fast
    assert not Pace().is_fast


def test_the_worst_of_now_and_of_late_is_reckoned_with() -> None:
    slow = Pace()
    slow.factors.extend([0.1, 1.5, 0.1])
    assert policy(chunks_of([3.0], 0.1)[:1], slow).start_in_s() != 0.0
    slow.factors.extend([0.1, 0.1, 0.1])
    assert policy(chunks_of([3.0], 0.1)[:1], slow).start_in_s() == 0.0


@pytest.mark.parametrize(("held_s", "starts"), [(0.9, False), (1.0, True), (1.1, True)])
def test_a_full_buffer_starts_whatever_the_speed(held_s: float, starts: bool) -> None:
    told = policy([(held_s, 50.0, 0)], most_s=1.0).start_in_s()
    assert (told == 0.0) is starts


def test_what_was_recalled_is_there_already_and_teaches_nothing() -> None:
    pace = Pace()
    recalled = StartPolicy(pace, [Outline(12)], 100.0)
    recalled.arrived(3.0, 0.0, recalled=True)
    assert recalled.start_in_s() == 0.0
    recalled.learn()
    assert not pace.factors
    assert not pace.clauses


def test_nothing_teaches_nothing() -> None:
    pace = Pace()
    StartPolicy(pace, [], 100.0).learn()
    assert not pace.factors


def test_it_learns_the_speed_without_the_first_chunk() -> None:
    pace = Pace()
    spoken = policy([(0.2, 5.0, 0), (1.0, 0.6, 0), (1.0, 0.4, 0)], pace)
    assert (spoken.audio_s, spoken.took_s) == (pytest.approx(2.2), pytest.approx(6.0))
    spoken.learn()
    assert list(pace.factors) == [pytest.approx(0.5)]


def test_it_learns_how_long_clauses_are() -> None:
    pace = Pace()
    before_s = pace.length_s(Outline(12))
    for _ in range(8):
        StartPolicy(pace, [Outline(12)], 100.0).learn()
        slow = StartPolicy(pace, [Outline(12)], 100.0, speed=0.5)
        slow.arrived(4.0, 1.0)
        slow.learn()
    # Half the speed: what took 4 s is 2 s long.
    assert pace.length_s(Outline(12)) == pytest.approx(2.0, abs=0.1) != pytest.approx(before_s)
    assert pace.length_s(Outline(12, pauses=2)) == pytest.approx(2.5, abs=0.1)


def test_an_outline_counts_syllables_and_inner_pauses() -> None:
    text = "苹果，香蕉、橘子。"
    pinyin = ("ping2", "guo3", "xiang1", "jiao1", "ju2", "zi5")
    clause = Clause(text, text, (), pinyin, (), (), Style())
    assert outline_of(clause) == Outline(6, 2)
