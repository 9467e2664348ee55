"""An utterance whose text is still being written is spoken while it comes, as one utterance."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.fake_clock import FakeClock
from fakes.playback_fakes import PATIENCE_S, Diary, FakePresets, FakeSynthesizer, SilentSink

from tts_daemon.domain import Event, Policy, SpeakRequest
from tts_daemon.errors import InvalidRequestError, TooLongError
from tts_daemon.playback import Journal, Player, PlayerContext, PlayerSettings
from tts_daemon.playback._writing import Writing
from tts_daemon.ports import Command

FINAL = ("finished", "cancelled", "failed", "expired")
OPEN = SpeakRequest("", id="a")


class Room:
    """A player with a fake voice; `spoken` waits until the voice was given a text."""

    def __init__(self, journal: Path | None = None, **settings) -> None:
        self.synthesizer = FakeSynthesizer()
        self.sink = SilentSink()
        self.player = Player(
            self.synthesizer,
            self.sink,
            Journal(journal),
            FakePresets(),
            PlayerSettings(**settings),
            PlayerContext(("wuyin",)),
        )
        self.diary = Diary()
        self.player.subscribe(self.diary)
        self.player.start()

    def ended(self, name: str = "a") -> Event:
        self.diary.wait_for(lambda: any(kind in self.diary.of(name) for kind in FINAL))
        return self.diary.last(name)


@pytest.fixture
def rooms() -> Iterator[Callable[..., Room]]:
    opened: list[Room] = []

    def build(**options) -> Room:
        opened.append(Room(**options))
        return opened[-1]

    yield build
    for room in opened:
        assert room.player.stop(PATIENCE_S)


def test_a_sentence_is_spoken_while_the_next_is_written(rooms) -> None:
    room = rooms()
    stream = room.player.open(OPEN)
    assert stream.position == 0
    for piece in ("你", "好。", "再"):
        assert stream.add(piece)
    room.diary.wait_for(lambda: "started" in room.diary.of("a"))
    assert room.synthesizer.texts == ["你好。"]
    stream.add("见")
    stream.end()
    assert room.ended().event_type == "finished"
    assert room.synthesizer.texts == ["你好。", "再见"]
    assert room.diary.of("a") == ["queued", "started", "finished"]
    assert room.ended().audio_ms == pytest.approx(200)


def test_what_has_nothing_to_say_yet_holds_nobody_up(rooms) -> None:
    room = rooms()
    stream = room.player.open(OPEN)
    stream.add("还没有")
    room.player.submit(SpeakRequest("你好", id="b"))
    assert room.ended("b").event_type == "finished"
    stream.end()
    assert room.ended("a").event_type == "finished"


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_stop_ends_it_and_tells_whoever_writes(rooms, is_begun: bool) -> None:
    room = rooms()
    stream = room.player.open(OPEN)
    stream.add("你好。再" if is_begun else "你")
    if is_begun:
        room.diary.wait_for(lambda: "started" in room.diary.of("a"))
    room.player.command(Command.STOP)
    assert room.ended().event_type == "cancelled"
    assert not stream.add("更多")
    stream.end()
    room.player.submit(SpeakRequest("好", id="b"))
    assert room.ended("b").event_type == "finished"
    assert room.diary.of("a").count("cancelled") == 1


def test_a_source_that_falls_silent_has_ended(rooms) -> None:
    room = rooms(patience_s=0.2)
    room.player.open(OPEN).add("你好。再见")
    event = room.ended()
    assert event.event_type == "finished"
    assert "0.2 s" in event.warnings[0]
    assert room.synthesizer.texts == ["你好。", "再见"]


def test_a_source_that_brings_nothing_has_failed(rooms) -> None:
    room = rooms()
    room.player.open(OPEN).end()
    assert (room.ended().event_type, room.ended().reason) == ("failed", "text")


def test_what_is_too_long_is_refused_and_the_rest_spoken(rooms) -> None:
    room = rooms(max_characters=5)
    stream = room.player.open(OPEN)
    stream.add("你好。")
    with pytest.raises(TooLongError):
        stream.add("太长太长")
    assert not stream.add("。")
    assert room.ended().event_type == "finished"
    assert "max_characters" in room.ended().warnings[0]


def test_its_id_counts_as_any_other(rooms) -> None:
    room = rooms()
    stream = room.player.open(OPEN)
    assert room.player.open(OPEN).position == -1
    assert room.diary.last("a").event_type == "duplicate"
    stream.add("好")
    stream.end()
    assert room.ended().event_type == "finished"
    with pytest.raises(InvalidRequestError, match="preset"):
        room.player.open(SpeakRequest("", preset="none"))


def test_it_is_replaced_as_any_other(rooms) -> None:
    room = rooms()
    stream = room.player.open(SpeakRequest("", id="a", key="door"))
    stream.add("你好。再")
    room.diary.wait_for(lambda: "started" in room.diary.of("a"))
    room.player.submit(SpeakRequest("好", id="b", key="door", policy=Policy.REPLACE))
    assert room.ended("a").reason == "replaced by b"
    assert not stream.add("见")
    assert room.ended("b").event_type == "finished"


def test_it_is_repeated_as_a_whole(rooms) -> None:
    room = rooms()
    stream = room.player.open(OPEN)
    stream.add("你好。再见")
    stream.end()
    room.ended()
    room.player.command(Command.REPEAT)
    room.diary.wait_for(lambda: len(room.diary.events) == 6)
    assert room.synthesizer.texts[-1] == "你好。再见"


def test_after_a_lost_device_it_begins_again(rooms) -> None:
    room = rooms()
    stream = room.player.open(OPEN)
    room.player.command(Command.PAUSE)
    stream.add("你好。再见")
    stream.end()
    room.player.command(Command.RESUME)
    assert room.ended().event_type == "finished"
    assert "".join(room.synthesizer.texts) == "你好。再见"


@pytest.mark.parametrize("is_whole", [False, True])
def test_over_a_restart(rooms, tmp_path: Path, is_whole: bool) -> None:
    """A text that was whole is spoken again; one that was not has lost its source."""
    room = rooms(journal=tmp_path / "queue.db")
    room.player.command(Command.PAUSE)
    stream = room.player.open(OPEN)
    stream.add("你好。再见")
    if is_whole:
        stream.end()
    copied = tmp_path / "copy"
    copied.mkdir()
    for file in tmp_path.glob("queue.db*"):
        (copied / file.name).write_bytes(file.read_bytes())
    later = rooms(journal=copied / "queue.db")
    assert later.ended().event_type == ("finished" if is_whole else "cancelled")
    assert later.synthesizer.texts == (["你好。再见"] if is_whole else [])
    if not is_whole:
        assert "still being written" in later.ended().reason


def test_an_orderly_end_tells_of_it(rooms, tmp_path: Path) -> None:
    room = rooms(journal=tmp_path / "queue.db")
    stream = room.player.open(OPEN)
    stream.add("你好。再")
    room.diary.wait_for(lambda: "started" in room.diary.of("a"))
    room.player.stop(PATIENCE_S)
    assert room.diary.last("a").reason == "the daemon stops"
    assert not stream.add("见")
    assert rooms(journal=tmp_path / "queue.db").diary.of("a") == []


def test_a_reader_is_woken_by_what_comes() -> None:
    writing = Writing(100, 60, FakeClock())
    got: list[str | None] = []
    reader = threading.Thread(target=lambda: got.append(writing.since(0, PATIENCE_S)))
    reader.start()
    writing.add("你好。\x00再")
    reader.join()
    assert got == ["你好。"]
    assert writing.since(3, 0.0) == ""
    writing.end()
    assert writing.since(3, 0.0) == "再"
    assert writing.since(4, 0.0) is None
