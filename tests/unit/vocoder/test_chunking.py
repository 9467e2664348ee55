"""Windows: every frame once, with its context."""

from __future__ import annotations

from itertools import islice, pairwise, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.vocoder.chunking import ChunkPlan, windows


def test_chunks_grow_to_the_largest() -> None:
    plan = ChunkPlan(first_frames=10, growth=2.0, largest_frames=50)
    assert list(islice(plan.sizes(), 6)) == [10, 20, 40, 50, 50, 50]


def test_the_first_chunk_needs_its_context_too() -> None:
    plan = ChunkPlan(first_frames=10, growth=2.0, largest_frames=50)
    assert list(islice(plan.demands(18), 4)) == [28, 20, 40, 50]


def test_a_plan_of_one_size() -> None:
    assert list(islice(ChunkPlan(8, 2.0, 8).sizes(), 3)) == [8, 8, 8]


@given(
    pieces=st.lists(st.integers(1, 30), max_size=12),
    size=st.integers(1, 20),
    context=st.integers(0, 12),
)
def test_every_frame_comes_once_with_its_context(
    pieces: list[int], size: int, context: int
) -> None:
    total = sum(pieces)
    frames = np.arange(total, dtype=np.float32)[:, None]
    cuts = np.cumsum([0, *pieces])
    stream = (frames[begin:end] for begin, end in pairwise(cuts))
    joined: list[float] = []
    for window in windows(stream, repeat(size), context):
        first, last = int(window.rows[0, 0]), int(window.rows[-1, 0])
        begin, end = first + window.begin, first + window.end
        assert first == max(0, begin - context)
        assert last + 1 == min(total, end + context)
        joined.extend(window.rows[window.begin : window.end, 0])
    assert joined == list(range(total))


def test_the_first_window_does_not_wait_for_more_than_it_needs() -> None:
    taken = []

    def one_by_one():  # type: ignore[no-untyped-def]
        for index in range(100):
            taken.append(index)
            yield np.zeros((1, 1), np.float32)

    next(windows(one_by_one(), repeat(10), 5))
    assert len(taken) == 15


@pytest.mark.parametrize("pieces", [[], [0]])
def test_no_frames_make_no_window(pieces: list[int]) -> None:
    stream = (np.zeros((count, 2), np.float32) for count in pieces)
    assert list(windows(stream, repeat(4), 2)) == []
