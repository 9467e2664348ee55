"""Random lives of a dispatcher, crashes included: nothing is lost, doubled, or out of order."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fakes.fake_clock import FakeClock
from fakes.playback_fakes import PATIENCE_S, SilentSink
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tts_daemon.domain import Event, EventType, PlayerState, Policy, Priority, SpeakRequest
from tts_daemon.errors import NotReadyError, QueueFullError, TtsError, VoiceError
from tts_daemon.playback._board import Board
from tts_daemon.playback._dispatcher import Dispatcher
from tts_daemon.playback._endings import Endings
from tts_daemon.playback._queue import RANK, Utterance
from tts_daemon.playback._turns import Turns
from tts_daemon.playback.journal import Journal
from tts_daemon.ports import Snapshot

FINAL = {EventType.FINISHED, EventType.CANCELLED, EventType.EXPIRED, EventType.FAILED}
FIGURES = {"first_audio_ms": 1.0, "audio_ms": 2.0, "real_time_factor": 0.5}
LIMIT = 5
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where writing through to the disk costs nothing."""


class Lives(RuleBasedStateMachine):
    """One dispatcher after another over the same journal; a crash ends one and begins the next."""

    @initialize(interrupted=st.sampled_from(["again", "drop"]))
    def begin(self, interrupted: str) -> None:
        self.directory = Path(tempfile.mkdtemp(dir=MEMORY))
        self.interrupted = interrupted
        self.clock = FakeClock()
        self.events: list[Event] = []
        self.accepted: dict[str, SpeakRequest] = {}
        self.worker: Utterance | None = None
        self.lives = 0
        self.journals: list[Journal] = []
        self.live()

    def live(self) -> None:
        """Open the newest copy of the journal."""
        self.lives += 1
        self.sink = SilentSink()
        self.board = Board(self.sink.counters)
        self.board.subscribe(self.listen)
        self.path = self.directory / str(self.lives) / "queue.db"
        journal = Journal(self.path, self.clock)
        self.journals.append(journal)
        turns = Turns(self.sink.ahead_s)
        endings = Endings(journal, is_confirmed=False)
        self.dispatcher = Dispatcher(journal, self.sink, self.board, turns, endings, self.clock)
        self.dispatcher.set_limit(LIMIT)
        self.dispatcher.open(self.interrupted)
        self.paused = False

    def listen(self, item: Event | Snapshot) -> None:
        if isinstance(item, Event):
            self.events.append(item)

    # -- senders ----------------------------------------------------------------------------

    @rule(
        priority=st.sampled_from(list(Priority)),
        policy=st.sampled_from(list(Policy)),
        key=st.sampled_from([None, "door", "window"]),
        ttl_s=st.sampled_from([None, None, 3.0]),
    )
    def submit(
        self, priority: Priority, policy: Policy, key: str | None, ttl_s: float | None
    ) -> None:
        self.submit_one(priority, policy, key, ttl_s)

    def submit_one(
        self, priority: Priority, policy: Policy, key: str | None, ttl_s: float | None
    ) -> None:
        request = SpeakRequest(
            "你好",
            id=f"u{len(self.accepted)}-{len(self.events)}",
            priority=priority,
            policy=policy,
            key=key,
            ttl_s=ttl_s,
            created_s=self.clock.wall_s(),
        )
        full = len(self.waiting()) >= LIMIT
        before = len(self.events)
        try:
            position = self.dispatcher.accept(request)
        except QueueFullError:
            assert full
            assert len(self.events) == before or self.all_expired(before)
            return
        self.accepted[request.id] = request
        mine = [event for event in self.events[before:] if event.id == request.id]
        expected = EventType.QUEUED if position >= 0 else EventType.CANCELLED
        assert [event.event_type for event in mine] == [expected]

    @rule(
        count=st.integers(1, 4),
        priority=st.sampled_from([Priority.TEXT, Priority.MESSAGE, Priority.PROGRESS]),
    )
    def submit_some(self, count: int, priority: Priority) -> None:
        for _ in range(count):
            self.submit_one(priority, Policy.QUEUE, None, None)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def redeliver(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(list(self.accepted.values())))
        before = len(self.events)
        assert self.dispatcher.accept(request) == -1
        told = self.events.pop()
        assert (told.event_type, told.id) == (EventType.DUPLICATE, request.id)
        assert self.all_expired(before)

    # -- the worker -------------------------------------------------------------------------

    @precondition(lambda self: self.worker is None)
    @rule()
    def take(self) -> None:
        expected = None if self.held_up() else self.next_in_order()
        taken = self.dispatcher.take(0)
        assert (taken.request.id if taken else None) == expected
        self.worker = taken

    @precondition(lambda self: self.worker)
    @rule()
    def start(self) -> None:
        assert self.worker is not None
        self.dispatcher.started(self.worker)

    @precondition(lambda self: self.worker)
    @rule()
    def finish(self) -> None:
        assert self.worker is not None
        self.dispatcher.started(self.worker)
        self.dispatcher.finished(self.worker, FIGURES)
        self.worker = None

    @precondition(lambda self: self.worker)
    @rule()
    def fail(self) -> None:
        assert self.worker is not None
        self.dispatcher.failed(self.worker, VoiceError("damaged"))
        self.worker = None

    @precondition(lambda self: self.worker)
    @rule()
    def lose_the_device(self) -> None:
        self.dispatcher.audio_lost(self.worker, "unplugged")
        self.worker = None
        assert self.board.snapshot().state == PlayerState.NO_AUDIO

    @rule()
    def find_the_device(self) -> None:
        self.dispatcher.audio_back()

    # -- people and time --------------------------------------------------------------------

    @rule(command=st.sampled_from(["stop", "skip", "clear"]))
    def command(self, command: str) -> None:
        waiting, speaking = self.waiting(), self.board.snapshot().speaking_id
        getattr(self.dispatcher, command)()
        if command == "stop":
            self.paused = False
        assert self.waiting() == (waiting if command == "skip" else [])
        assert self.board.snapshot().speaking_id == (speaking if command == "clear" else "")

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.dispatcher.set_paused(paused=paused)
        self.paused = paused
        assert self.sink.paused == paused

    @rule(seconds=st.floats(0.1, 10))
    def pass_time(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @rule()
    def crash(self) -> None:
        """The power goes: what lies in the file is all there is."""
        cut_off = [self.board.snapshot().speaking_id] if self.speaking() else []
        before = len(self.events)
        shutil.copytree(self.path.parent, self.directory / str(self.lives + 1))
        self.worker = None
        self.live()
        ended = {event.id: event for event in self.events[before:] if event.event_type in FINAL}
        if self.interrupted == "again" and ended:
            # Begun twice in lives that ended like this: it is not tried again.
            assert [event.reason for event in ended.values()] == ["poison"]
        assert list(ended) == (cut_off if self.interrupted == "drop" or ended else [])

    # -- what must always be true -----------------------------------------------------------

    @invariant()
    def every_utterance_ends_at_most_once(self) -> None:
        ends = Counter(event.id for event in self.events if event.event_type in FINAL)
        assert not ends or max(ends.values()) == 1

    @invariant()
    def nothing_happens_after_the_end(self) -> None:
        ended: set[str] = set()
        for event in self.events:
            assert event.id not in ended
            if event.event_type in FINAL:
                ended.add(event.id)

    @invariant()
    def none_is_lost(self) -> None:
        assert self.board.snapshot().queued == len(self.waiting())

    def teardown(self) -> None:
        if not hasattr(self, "dispatcher"):
            return
        self.dispatcher.set_paused(paused=False)
        self.dispatcher.audio_back()
        if self.worker is not None:
            self.dispatcher.finished(self.worker, FIGURES)
        while (utterance := self.dispatcher.take(0)) is not None:
            self.dispatcher.finished(utterance, FIGURES)
        ends = Counter(event.id for event in self.events if event.event_type in FINAL)
        assert ends == Counter(self.accepted.keys())
        for journal in self.journals:
            journal.close()
        shutil.rmtree(self.directory)

    # -- the model --------------------------------------------------------------------------

    def waiting(self) -> list[str]:
        """Accepted, not ended and not being spoken, in the order of acceptance."""
        ended = {event.id for event in self.events if event.event_type in FINAL}
        speaking = self.board.snapshot().speaking_id
        return [name for name in self.accepted if name not in ended and name != speaking]

    def speaking(self) -> bool:
        return bool(self.board.snapshot().speaking_id)

    def held_up(self) -> bool:
        lost = self.board.snapshot().state == PlayerState.NO_AUDIO
        return self.paused or (lost and not self.dispatcher.probe_due())

    def next_in_order(self) -> str | None:
        now_s = self.clock.wall_s()
        alive = [
            name
            for name in self.waiting()
            if (ttl_s := self.accepted[name].ttl_s) is None
            or self.accepted[name].created_s + ttl_s > now_s + 1e-6
        ]
        # min keeps the first of equals: the order within a priority.
        return min(alive, key=lambda name: RANK[self.accepted[name].priority], default=None)

    def all_expired(self, since: int) -> bool:
        return all(event.event_type == EventType.EXPIRED for event in self.events[since:])


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


class SlowJournal(Journal):
    """Takes as long to write a request down as a test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.writing, self.go_on = threading.Event(), threading.Event()
        self.slow = "accept"

    def accept(self, request: SpeakRequest) -> int:
        self._take_time("accept")
        return super().accept(request)

    def flush(self) -> None:
        self._take_time("flush")
        super().flush()

    def _take_time(self, what: str) -> None:
        if what == self.slow:
            self.writing.set()
            assert self.go_on.wait(PATIENCE_S)


class Desk:
    """A dispatcher over a slow journal, a sender who is stuck in it, and what was told."""

    def __init__(self, slow: str) -> None:
        self.journal, self.sink = SlowJournal(), SilentSink()
        self.journal.slow = slow
        board = Board(self.sink.counters)
        self.events: list[Event] = []
        board.subscribe(lambda item: self.events.append(item) if isinstance(item, Event) else None)
        turns, clock = Turns(self.sink.ahead_s), FakeClock()
        endings = Endings(self.journal, is_confirmed=False)
        self.dispatcher = Dispatcher(self.journal, self.sink, board, turns, endings, clock)
        self.dispatcher.open("again")
        self.problem: Exception | None = None
        self.sender = threading.Thread(target=self._send)
        self.sender.start()
        if slow != "nothing":
            assert self.journal.writing.wait(PATIENCE_S)

    def _send(self) -> None:
        try:
            self.dispatcher.accept(SpeakRequest("你好", id="a"))
        except TtsError as error:
            self.problem = error

    def go_on(self) -> list[str]:
        self.journal.go_on.set()
        self.sender.join(PATIENCE_S)
        assert not self.sender.is_alive()
        return [event.event_type.value for event in self.events if event.id == "a"]


@pytest.mark.parametrize("command", [Dispatcher.stop, Dispatcher.clear])
@pytest.mark.parametrize("slow", ["accept", "flush"])
def test_what_is_still_being_written_down_is_stopped_too(
    slow: str, command: Callable[[Dispatcher], None]
) -> None:
    desk = Desk(slow)
    command(desk.dispatcher)
    assert desk.sender.is_alive(), "the command waited for the disk"
    told = desk.go_on()
    assert told[-1] == "cancelled"
    assert told.count("cancelled") == 1
    assert desk.dispatcher.take(0) is None


def test_what_comes_after_a_stop_is_spoken() -> None:
    desk = Desk("accept")
    desk.dispatcher.stop()
    desk.go_on()
    desk.dispatcher.accept(SpeakRequest("你好", id="b"))
    utterance = desk.dispatcher.take(0)
    assert utterance is not None
    assert utterance.request.id == "b"


def test_the_end_does_not_wait_for_the_disk() -> None:
    desk = Desk("accept")
    desk.dispatcher.close()
    assert desk.sender.is_alive()
    assert desk.go_on() == []
    assert isinstance(desk.problem, NotReadyError)


def test_an_end_between_two_looks_of_the_worker_is_not_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker has just seen that all is well when the end comes: it must not wait for more."""
    desk = Desk("nothing")
    change = desk.dispatcher._change

    def late() -> AbstractContextManager[None]:
        # What another thread does while the worker waits for the lock.
        monkeypatch.setattr(desk.dispatcher, "_change", change)
        desk.dispatcher.close()
        return change()

    monkeypatch.setattr(desk.dispatcher, "_change", late)
    worker = threading.Thread(target=desk.dispatcher.take, args=(PATIENCE_S,), daemon=True)
    worker.start()
    worker.join(PATIENCE_S / 2)
    assert not worker.is_alive()
