"""The sink's states: every sequence of calls against a model of what is heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from numpy.typing import NDArray

from tts_daemon.sound.sink_machine import (
    BLOCK_S,
    STAGES,
    TASKS,
    Cause,
    Order,
    SinkMachine,
    Stage,
    Task,
)

RATE = 1000
BLOCK = round(BLOCK_S * RATE)
AHEAD_S = 0.1
LEAD_IN_S = 0.02
ACTIVE = (Task.WRITING, Task.DRAINING)
LEGAL = {
    Stage.CLOSED: set(Task),
    Stage.HUNG: set(Task),
    Stage.HALTED: set(Task),
    Stage.PLAYING: set(ACTIVE),
    Stage.PAUSING: set(ACTIVE),
    Stage.PAUSED: set(ACTIVE),
    Stage.STOPPING: set(Task),
    Stage.FINISHING: {Task.DRAINING},
}


class SinkAgainstModel(RuleBasedStateMachine):
    """The thread is driven step by step; between the two halves of a step anything may be called.

    The model: the samples of the utterance under way, each another number, and how many of them
    were heard. Nothing is heard twice, nothing is left out, and nothing after it was stopped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.machine = SinkMachine(AHEAD_S, LEAD_IN_S)
        self.number = 0
        self.written: list[int] = []
        self.heard: list[int] = []
        self.inside: list[int] = []  # in the device, not heard yet
        self.step: Order | None = None  # what the thread is in the middle of
        self.block: list[int] = []
        self.is_dropped = True  # nothing that is now in the thread's hand belongs to `written`
        self.fresh = False  # the utterance in hand began after the step in hand

    # -- the player's calls ---------------------------------------------------------------------

    @precondition(lambda self: self.machine.task is not Task.WRITING)
    @rule(rested=st.booleans())
    def begin(self, rested: bool) -> None:
        # One thread writes: it begins again when it has drained, or was stopped.
        if self.machine.task is Task.DRAINING:
            return
        self.machine.begin(rested=rested)
        self.written, self.heard, self.is_dropped = [], [], False
        self.fresh = True

    @rule(count=st.integers(1, 60))
    def write(self, count: int) -> None:
        # As the sink does: only while it accepts, and the device is open.
        if not self.machine.is_open or self.machine.task is not Task.WRITING:
            return
        pcm = np.arange(self.number + 1, self.number + 1 + count, dtype=np.int16)
        room = self.machine.room
        taken = self.machine.write(pcm)
        assert taken == min(count, room)
        self.written += pcm[:taken].tolist()
        self.number += taken

    @rule()
    def drain(self) -> None:
        self.machine.drain()

    @rule()
    def stop(self) -> None:
        self.machine.stop()
        self.is_dropped = True
        assert self.machine.task in (Task.NOTHING, Task.CLOSING)

    @rule()
    def pause(self) -> None:
        self.machine.pause()

    @rule()
    def resume(self) -> None:
        self.machine.resume()

    @rule()
    def close(self) -> None:
        self.machine.close()
        self.is_dropped = True

    @rule()
    def hang(self) -> None:
        if self.step is None:
            return
        self.machine.hangs()
        self.is_dropped = True
        assert not self.machine.is_open
        assert self.machine.task not in ACTIVE

    # -- the thread, in two halves --------------------------------------------------------------

    @precondition(lambda self: self.step is None)
    @rule()
    def take(self) -> None:
        self.step = self.machine.order()
        self.fresh = False
        if self.step is Order.PLAY:
            was_paused = self.machine.stage is Stage.PAUSED
            block = self.machine.take_block()
            assert 0 < len(block.samples) <= BLOCK
            self.block = [value for value in block.samples.tolist() if value]
            assert block.starts == (not self.heard and not self.inside) or not self.block
            assert block.fades_in == (was_paused and bool(self.block))
        elif self.step is Order.SILENCE:
            self.block = self.machine.take_edge().tolist()
        elif self.step is Order.FINISH:
            assert self.machine.task is Task.DRAINING
            self.machine.finish()

    @precondition(lambda self: self.step is not None)
    @rule(fails=st.booleans(), heard=st.integers(0, 40))
    def done(self, fails: bool, heard: int) -> None:
        step, self.step = self.step, None
        if fails and step is not Order.END:
            self.inside, self.block = [], []
            self.machine.failed()
            self.is_dropped = True
            return
        getattr(self, f"_{step.name.lower()}")(heard)

    def _open(self, heard: int) -> None:
        self.machine.opened(RATE)

    def _play(self, heard: int) -> None:
        self._take_in()
        self._let_hear(heard)

    def _silence(self, heard: int) -> None:
        if heard % 2:  # a shallow device: the edge fades out, and all is heard
            self._take_in()
            self._let_hear(len(self.inside))
            self.machine.silenced(0)
        else:
            unheard = len(self.inside) + len(self.block)
            self.inside, self.block = [], []
            self.machine.silenced(unheard)

    def _finish(self, heard: int) -> None:
        self._let_hear(len(self.inside))
        of_this = self.machine.stage is Stage.FINISHING
        self.machine.finished()
        if of_this and self.machine.task is not Task.CLOSING:
            assert self.machine.task is Task.NOTHING
            assert self.heard == self.written, "drained, but not all was heard"

    def _release(self, heard: int) -> None:
        self.inside, self.block = [], []
        self.machine.released()

    def _end(self, heard: int) -> None:
        assert self.machine.task is Task.CLOSING or self.fresh

    def _take_in(self) -> None:
        self.inside += self.block
        self.block = []

    def _let_hear(self, count: int) -> None:
        now, self.inside = self.inside[:count], self.inside[count:]
        current = set(self.written)
        self.heard += [value for value in now if value in current]

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def what_is_heard_is_what_was_written_in_order(self) -> None:
        assert self.heard == self.written[: len(self.heard)]

    @invariant()
    def nothing_is_lost_between_the_ring_and_the_device(self) -> None:
        if self.is_dropped or self.step is not None or not self.machine.is_open:
            return
        if self.machine.stage is not Stage.PAUSING:
            held = round(AHEAD_S * RATE) - self.machine.room
            in_device = len(set(self.inside) & set(self.written))
            left = len(self.written) - len(self.heard) - in_device
            assert held == min(round(AHEAD_S * RATE), left)

    @invariant()
    def the_state_is_one_that_makes_sense(self) -> None:
        assert self.machine.task in LEGAL[self.machine.stage]

    @invariant()
    def silence_is_kept(self) -> None:
        order = self.machine.order()
        if self.machine.paused or self.machine.task is Task.NOTHING:
            assert order not in (Order.PLAY, Order.FINISH)
        if self.machine.stage in (Stage.PAUSING, Stage.STOPPING):
            assert order in (Order.SILENCE, Order.RELEASE)


TestSinkAgainstModel = SinkAgainstModel.TestCase
TestSinkAgainstModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_changes_something(cause: Cause) -> None:
    moves = {**TASKS.get(cause, {})}.items() | {**STAGES.get(cause, {})}.items()
    assert any(before != after for before, after in moves)


def playing(written: int = 60) -> SinkMachine:
    machine = SinkMachine(AHEAD_S, lead_in_s=0.0)
    machine.begin(rested=False)
    machine.opened(RATE)
    machine.write(np.arange(1, written + 1, dtype=np.int16))
    return machine


def test_an_utterance_that_follows_a_stop_at_the_last_moment_is_heard() -> None:
    machine = playing(10)
    machine.take_block()
    machine.drain()
    assert machine.order() is Order.FINISH
    machine.finish()
    machine.stop()
    machine.begin(rested=False)
    machine.write(np.full(5, 7, dtype=np.int16))
    machine.drain()
    machine.finished()
    assert machine.order() is Order.PLAY
    assert machine.take_block().samples.tolist() == [7] * 5


def test_a_rest_is_ended_by_silence_for_the_amplifier() -> None:
    machine = SinkMachine(AHEAD_S, LEAD_IN_S)
    machine.begin(rested=True)
    machine.opened(RATE)
    machine.write(np.ones(3, dtype=np.int16))
    blocks: list[NDArray[np.int16]] = []
    while machine.order() is Order.PLAY:
        blocks.append(machine.take_block().samples)
    assert np.concatenate(blocks).tolist() == [0] * 20 + [1] * 3
    machine.drain()
    machine.finish()
    machine.finished()
    for rested, silence in ((False, 0), (True, 20)):
        machine.begin(rested=rested)
        machine.write(np.ones(1, dtype=np.int16))
        first = machine.take_block().samples.tolist()
        assert first == ([0] * min(BLOCK, silence) or [1])
        machine.stop()
        machine.silenced(0)


def test_a_device_that_hangs_is_given_back_when_it_comes_back() -> None:
    machine = playing()
    machine.take_block()
    machine.hangs()
    assert (machine.task, machine.order()) == (Task.NOTHING, Order.RELEASE)
    machine.begin(rested=False)
    assert machine.order() is Order.RELEASE
    machine.released()
    assert machine.order() is Order.OPEN


def test_the_life_of_an_utterance() -> None:
    machine = playing(BLOCK + 1)
    assert machine.take_block().samples.tolist() == list(range(1, BLOCK + 1))
    assert (machine.order(), machine.stage) == (Order.PLAY, Stage.PLAYING)
    assert machine.take_block().samples.tolist() == [BLOCK + 1]
    assert machine.order() is None
    machine.drain()
    assert machine.order() is Order.FINISH
    machine.finish()
    machine.finished()
    assert (machine.task, machine.stage, machine.order()) == (Task.NOTHING, Stage.HALTED, None)
    assert machine.may_release
    machine.released()
    assert machine.stage is Stage.CLOSED


@pytest.mark.parametrize("silenced_first", [True, False])
def test_a_stop_after_a_pause_forgets_the_pause(silenced_first: bool) -> None:
    machine = playing()
    machine.take_block()
    machine.pause()
    assert machine.stage is Stage.PAUSING
    if silenced_first:
        machine.silenced(0)
        assert machine.stage is Stage.PAUSED
        machine.stop()
    else:
        machine.stop()
        assert machine.stage is Stage.STOPPING
        machine.silenced(0)
    assert machine.stage is Stage.HALTED
    machine.resume()
    machine.begin(rested=False)
    machine.write(np.ones(1, dtype=np.int16))
    assert not machine.take_block().fades_in
