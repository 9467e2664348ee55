"""Every accepted id has one final event over the daemon's lives, also where a life ends badly."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.fake_clock import FakeClock
from fakes.playback_fakes import SilentSink

from tts_daemon.domain import Event, EventType, SpeakRequest
from tts_daemon.playback._board import Board
from tts_daemon.playback._dispatcher import Dispatcher
from tts_daemon.playback._endings import Endings
from tts_daemon.playback._turns import Turns
from tts_daemon.playback.journal import Journal
from tts_daemon.ports import Snapshot


class Life:
    """One life of a dispatcher, whose listener confirms what it is told to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = Journal(path, FakeClock())
        self.events: list[Event] = []
        sink = SilentSink()
        self.board = Board(sink.counters, self.journal.is_written)
        self.board.subscribe(self.listen)
        self.endings = Endings(self.journal, is_confirmed=True)
        self.dispatcher = Dispatcher(
            self.journal, sink, self.board, Turns(sink.ahead_s), self.endings,
            FakeClock(),
        )  # fmt: skip
        self.dispatcher.open("again")

    def listen(self, item: Event | Snapshot) -> None:
        if isinstance(item, Event):
            self.events.append(item)

    def speak(self) -> str:
        utterance = self.dispatcher.take(0)
        assert utterance is not None
        self.dispatcher.finished(utterance, {"audio_ms": 1.0})
        return utterance.request.id

    @property
    def finals(self) -> list[tuple[str, str]]:
        return [(event.id, event.event_type.value) for event in self.endings.unconfirmed()]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[[], Life]]:
    """Begin a life on the files as they are: those before it were killed."""
    lives: list[Life] = []

    def begin() -> Life:
        directory = tmp_path / str(len(lives))
        if lives:
            shutil.copytree(lives[-1].path.parent, directory)
        lives.append(Life(directory / "queue.db"))
        return lives[-1]

    yield begin
    for life in lives:
        life.journal.close()


def test_what_nobody_confirmed_is_told_by_the_next_life(live: Callable[[], Life]) -> None:
    first = live()
    for name in ("a", "b", "c"):
        first.dispatcher.accept(SpeakRequest("你好", id=name))
    assert [first.speak(), first.speak()] == ["a", "b"]
    first.endings.confirm("a")
    second = live()
    assert second.finals == [("b", "finished")]
    assert second.speak() == "c"
    assert second.finals == [("b", "finished"), ("c", "finished")]
    second.endings.confirm("b")
    second.endings.confirm("c")
    assert live().finals == []


def test_no_event_is_told_before_it_is_written(live: Callable[[], Life]) -> None:
    life = live()
    life.dispatcher.accept(SpeakRequest("你好", id="a"))
    with life.journal._lock:
        life.speak()
        assert [event.event_type for event in life.events] == [EventType.QUEUED]
        killed = live()
    life.journal.flush()
    # Killed in this moment it had told nobody, and so it is spoken again.
    assert killed.speak() == "a"
    life.dispatcher.accept(SpeakRequest("你好", id="b"))
    assert EventType.FINISHED in [event.event_type for event in life.events]


def test_what_was_begun_twice_and_never_ended_is_poison(live: Callable[[], Life]) -> None:
    first = live()
    for name in ("bad", "good"):
        first.dispatcher.accept(SpeakRequest("很坏", id=name))
    first.dispatcher.take(0)
    second = live()
    again = second.dispatcher.take(0)
    assert again is not None
    assert again.request.id == "bad"
    third = live()
    assert third.finals == [("bad", "failed")]
    assert third.events[0].reason == "poison"
    assert third.board.snapshot().poison == ("bad: 很坏",)
    assert third.speak() == "good"
    assert live().board.snapshot().poison == ("bad: 很坏",)


def test_an_orderly_end_is_no_fault_of_the_utterance(live: Callable[[], Life]) -> None:
    life = live()
    life.dispatcher.accept(SpeakRequest("你好", id="a"))
    for _ in range(4):
        assert life.dispatcher.take(0) is not None
        life.dispatcher.close()
        life = live()
    assert life.speak() == "a"
