"""The ring buffer against a plain list."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tts_daemon.sound.ring_buffer import RingBuffer

CAPACITY = 50
HISTORY = 20


class AgainstAList(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ring = RingBuffer(CAPACITY, HISTORY)
        self.waiting: list[int] = []
        self.past: list[int] = []
        self.next = 0

    @rule(count=st.integers(0, 80))
    def write(self, count: int) -> None:
        samples = np.arange(self.next, self.next + count, dtype=np.int16)
        room = max(0, CAPACITY - len(self.waiting))
        taken = self.ring.write(samples)
        assert taken == min(count, room)
        self.waiting += samples[:taken].tolist()
        self.next = (self.next + taken) % 30000

    @rule(count=st.integers(0, 80))
    def read(self, count: int) -> None:
        block = self.ring.read(count).tolist()
        assert block == self.waiting[:count]
        self.past += block
        del self.waiting[:count]

    @rule(count=st.integers(0, 40))
    def take_back(self, count: int) -> None:
        taken = self.ring.take_back(count)
        assert taken <= min(count, len(self.past), HISTORY)
        if count <= min(HISTORY, len(self.past)) and len(self.waiting) <= CAPACITY:
            assert taken == count
        self.waiting = self.past[len(self.past) - taken :] + self.waiting
        del self.past[len(self.past) - taken :]

    @rule()
    def clear(self) -> None:
        self.ring.clear()
        self.waiting.clear()
        self.past.clear()

    @invariant()
    def counts_agree(self) -> None:
        assert self.ring.fill == len(self.waiting)


TestAgainstAList = AgainstAList.TestCase
TestAgainstAList.settings = settings(max_examples=60, deadline=None)


def test_without_a_history_nothing_can_be_taken_back() -> None:
    ring = RingBuffer(4)
    ring.write(np.arange(4, dtype=np.int16))
    ring.read(2)
    assert ring.take_back(1) == 0
    assert ring.room == 2
    assert ring.read(9).tolist() == [2, 3]


def test_samples_come_as_they_went_round_and_round() -> None:
    ring = RingBuffer(3, history=2)
    for first in range(0, 30, 2):
        assert ring.write(np.arange(first, first + 2, dtype=np.int16)) == 2
        block = ring.read(2)
        assert block.dtype == np.int16
        assert block.tolist() == [first, first + 1]
