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
        assert taken <= min(count, len(self.past))
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
