"""Pieces of mel: how long, and how many are joined before the first call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from tts_daemon.domain import MelChunk
from tts_daemon.vocoder.chunking import ChunkPlan, gather_first


def test_chunks_grow_to_the_largest() -> None:
    plan = ChunkPlan(first_frames=10, growth=2.0, largest_frames=50)
    assert list(islice(plan.sizes(), 6)) == [10, 20, 40, 50, 50, 50]


def test_the_first_chunk_needs_the_look_ahead_too() -> None:
    plan = ChunkPlan(first_frames=10, growth=2.0, largest_frames=50)
    assert list(islice(plan.demands(18), 4)) == [28, 20, 40, 50]


def test_a_later_clause_begins_with_a_longer_chunk() -> None:
    plan = ChunkPlan(first_frames=5, growth=2.0, largest_frames=50, later_frames=15).later()
    assert list(islice(plan.sizes(), 4)) == [15, 30, 50, 50]


def test_no_clause_begins_beyond_the_largest() -> None:
    assert next(ChunkPlan(1, 2.0, 8, later_frames=12).later().sizes()) == 8


def test_the_usual_plan_waits_for_little_and_has_most_in_few_calls() -> None:
    usual = ChunkPlan()
    assert list(islice(usual.sizes(), 6)) == [6, 9, 15, 24, 39, 40]
    assert list(islice(usual.later().sizes(), 4)) == [12, 19, 30, 40]


def test_a_plan_of_one_size() -> None:
    assert list(islice(ChunkPlan(8, 2.0, 8).sizes(), 3)) == [8, 8, 8]


def _chunks(sizes: list[int]) -> Iterator[MelChunk]:
    for index, size in enumerate(sizes):
        yield MelChunk(np.full((size, 1), index, np.float32), last=index == len(sizes) - 1)


@pytest.mark.parametrize(
    ("sizes", "gathered"),
    [
        ([6, 1, 1], [6, 1, 1]),
        ([5, 1, 2], [6, 2]),
        ([1, 1, 1, 1, 1, 1, 1], [6, 1]),
        ([2, 2], [4]),
        ([1], [1]),
        ([], []),
    ],
)
def test_the_first_call_gets_more_than_the_look_ahead(
    sizes: list[int], gathered: list[int]
) -> None:
    chunks = list(gather_first(_chunks(sizes), more_than=5))
    assert [len(chunk.frames) for chunk in chunks] == gathered
    assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True] * bool(chunks)
