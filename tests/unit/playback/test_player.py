"""The player as the doors see it: real threads, a fake voice, no sound card."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes.playback_fakes import (
    PATIENCE_S,
    UNPLUGGED,
    Diary,
    FakePresets,
    FakeSynthesizer,
    SilentSink,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_daemon.domain import Clause, Event, PlayerState, Policy, Priority, SpeakRequest
from tts_daemon.errors import InvalidRequestError, NotReadyError, QueueFullError, VoiceError
from tts_daemon.playback import Chimes, Journal, Player, PlayerContext, PlayerSettings
from tts_daemon.ports import Command, Snapshot
from tts_daemon.settings.schema import QuietHoursSettings
from tts_daemon.sound.sink_factory import make_sink


class Room:
    """A player with everything around it."""

    def __init__(self, path: Path | None = None, **options) -> None:
        self.synthesizer = FakeSynthesizer()
        self.sink = options.pop("sink", None) or SilentSink()
        self.settings = PlayerSettings(**options.pop("settings", {}))
        self.beats = 0
        self.player = Player(
            self.synthesizer,
            self.sink,
            Journal(path),
            FakePresets(),
            self.settings,
            PlayerContext(("wuyin",), heartbeat=self.beat, **options),
        )
        self.diary = Diary()
        self.player.subscribe(self.diary)

    def beat(self) -> None:
        self.beats += 1

    def close_gate(self) -> threading.Semaphore:
        """Let the voice make a chunk only when the test gives a permit."""
        self.synthesizer.gate = threading.Semaphore(0)
        return self.synthesizer.gate

    def say(self, name: str, **fields) -> int:
        return self.player.submit(SpeakRequest("你好", id=name, **fields))

    def wait_for(self, name: str, event_type: str) -> Event:
        self.diary.wait_for(lambda: event_type in self.diary.of(name))
        return next(
            event
            for event in self.diary.events
            if event.id == name and event.event_type == event_type
        )

    def wait_until_making(self, name: str) -> None:
        """Until the voice has been asked for an utterance."""
        self.diary.wait_for(lambda: self.player.snapshot().speaking_id == name)


@pytest.fixture
def rooms() -> Iterator[Callable[..., Room]]:
    opened: list[Room] = []

    def build(*arguments, start: bool = True, **options) -> Room:
        room = Room(*arguments, **options)
        opened.append(room)
        if start:
            room.player.start()
        return room

    yield build
    for room in opened:
        if room.synthesizer.gate is not None:
            room.synthesizer.gate.release(1000)
        assert room.player.stop(PATIENCE_S)


def test_an_utterance_is_queued_started_and_finished(rooms) -> None:
    room = rooms()
    assert room.say("a", source="mqtt") == 0
    finished = room.wait_for("a", "finished")
    assert room.diary.of("a") == ["queued", "started", "finished"]
    assert finished.audio_ms == pytest.approx(100)
    assert finished.first_audio_ms is not None
    assert finished.real_time_factor is not None
    assert finished.source == "mqtt"
    assert room.sink.written == 1600
    assert room.beats > 0


def test_utterances_are_spoken_in_order(rooms) -> None:
    room = rooms()
    for number in range(10):
        room.say(str(number))
    room.wait_for("9", "finished")
    started = [event.id for event in room.diary.events if event.event_type == "started"]
    assert started == [str(number) for number in range(10)]


def test_the_state_follows(rooms) -> None:
    room = rooms()
    gate = room.close_gate()
    room.say("a")
    room.wait_until_making("a")
    assert room.player.snapshot().state == PlayerState.SPEAKING
    gate.release()
    room.wait_for("a", "finished")
    room.diary.wait_for(lambda: room.diary.states[-1] == "idle")
    assert room.diary.states == ["idle", "speaking", "idle"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"text": "字" * 10001}, "text"),
        ({"preset": "hapy"}, "preset"),
        ({"overrides": {"voice": "nobody"}}, "voice"),
    ],
)
def test_what_the_configuration_does_not_allow_is_refused(rooms, fields, named: str) -> None:
    room = rooms()
    request = SpeakRequest(**{"text": "你好", **fields})
    with pytest.raises(InvalidRequestError, match=f"^{named}: "):
        room.player.submit(request)
    with pytest.raises(InvalidRequestError, match=f"^{named}: "):
        room.player.render(request)
    assert room.diary.events == []


def test_a_redelivered_id_is_spoken_once(rooms) -> None:
    room = rooms()
    assert room.say("a") == 0
    assert room.say("a") == -1
    room.wait_for("a", "finished")
    assert room.say("a") == -1
    told = [kind for kind in room.diary.of("a") if kind != "duplicate"]
    assert told == ["queued", "started", "finished"]
    assert room.diary.of("a").count("duplicate") == 2
    assert room.player.snapshot().counters["duplicates"] == 2


def test_a_full_queue_refuses(rooms) -> None:
    room = rooms(settings={"limit": 2})
    room.close_gate()
    room.say("spoken")
    room.wait_until_making("spoken")
    room.say("a")
    room.say("b")
    with pytest.raises(QueueFullError):
        room.say("c")
    assert room.diary.of("c") == []


def test_refusals_are_counted_for_the_doors(rooms) -> None:
    room = rooms()
    room.player.count_refusal()
    room.player.count_refusal()
    assert room.player.snapshot().counters["refused"] == 2


def test_nothing_is_accepted_before_start_or_after_stop(rooms) -> None:
    room = rooms(start=False)
    with pytest.raises(NotReadyError):
        room.say("a")
    with pytest.raises(NotReadyError):
        room.player.render(SpeakRequest("你好"))
    room.player.start()
    room.player.stop(PATIENCE_S)
    with pytest.raises(NotReadyError):
        room.say("b")
    assert room.sink.is_closed


def test_stop_is_silent_at_once_and_empties_the_queue(rooms) -> None:
    room = rooms()
    gate = room.close_gate()
    room.say("a")
    room.say("b")
    room.wait_until_making("a")
    stops = room.sink.stops
    room.player.command(Command.STOP)
    assert room.sink.stops > stops
    assert room.diary.of("a") == ["queued", "cancelled"]
    assert room.diary.last("b").reason == "stopped"
    gate.release(10)
    room.say("c")
    room.wait_for("c", "finished")
    assert room.sink.written == 1600
    assert room.synthesizer.closed == 1


def test_skip_goes_on_with_the_next(rooms) -> None:
    room = rooms()
    gate = room.close_gate()
    room.say("a")
    room.say("b")
    room.wait_until_making("a")
    room.player.command(Command.SKIP)
    gate.release(2)
    room.wait_for("b", "finished")
    assert room.diary.last("a").reason == "skipped"


def test_clear_finishes_what_is_being_spoken(rooms) -> None:
    room = rooms()
    gate = room.close_gate()
    room.say("a")
    room.say("b")
    room.wait_until_making("a")
    room.player.command(Command.CLEAR)
    assert room.diary.last("b").reason == "cleared"
    gate.release()
    room.wait_for("a", "finished")


def test_pause_holds_everything_until_resume(rooms) -> None:
    room = rooms()
    room.player.command(Command.PAUSE)
    room.say("a")
    assert room.player.snapshot().state == PlayerState.PAUSED
    assert room.sink.paused
    assert room.synthesizer.texts == []
    room.player.command(Command.RESUME)
    room.wait_for("a", "finished")
    assert not room.sink.paused


def test_stop_ends_a_pause(rooms) -> None:
    room = rooms()
    room.player.command(Command.PAUSE)
    room.player.command(Command.STOP)
    room.say("a")
    room.wait_for("a", "finished")


def test_repeat_speaks_the_last_one_again_under_a_new_id(rooms) -> None:
    room = rooms()
    room.player.command(Command.REPEAT)
    room.say("a", preset="happy")
    room.wait_for("a", "finished")
    room.player.command(Command.REPEAT)
    room.diary.wait_for(lambda: len(room.diary.events) == 6)
    again = room.diary.events[-1].id
    assert again != "a"
    assert room.diary.of(again) == ["queued", "started", "finished"]
    assert [style.speed for style in room.synthesizer.styles] == [1.2, 1.2]


def test_important_breaks_in(rooms) -> None:
    room = rooms()
    gate = room.close_gate()
    room.say("long")
    room.wait_until_making("long")
    room.say("fire", priority=Priority.IMPORTANT)
    assert "fire" in (room.diary.last("long").reason or "")
    gate.release(2)
    room.wait_for("fire", "finished")


def test_interrupted_progress_is_spoken_afterwards(rooms) -> None:
    room = rooms()
    gate = room.close_gate()
    room.say("90 %", priority=Priority.PROGRESS)
    room.wait_until_making("90 %")
    room.say("news")
    gate.release(10)
    room.wait_for("90 %", "finished")
    assert room.diary.of("90 %").count("queued") == 1
    finished = [event.id for event in room.diary.events if event.event_type == "finished"]
    assert finished == ["news", "90 %"]


def test_drop_if_busy_is_cancelled_with_the_reason(rooms) -> None:
    room = rooms()
    room.close_gate()
    room.say("a")
    room.wait_until_making("a")
    assert room.say("b", policy=Policy.DROP_IF_BUSY) == -1
    assert room.diary.of("b") == ["cancelled"]
    assert "busy" in (room.diary.last("b").reason or "")


def test_too_old_is_not_spoken(rooms) -> None:
    room = rooms()
    room.say("a", ttl_s=5.0, created_s=1.0)
    room.wait_for("a", "expired")
    assert room.synthesizer.texts == []


def test_it_expires_while_something_else_is_spoken(rooms) -> None:
    room = rooms()
    room.player.command(Command.PAUSE)
    room.say("a", ttl_s=0.05)
    room.wait_for("a", "expired")


@pytest.mark.parametrize(
    ("error", "reason"),
    [(VoiceError("no weights"), "voice: no weights"), (ZeroDivisionError("x"), "internal: Zero")],
)
def test_a_failure_is_told_and_the_next_one_spoken(rooms, error: Exception, reason: str) -> None:
    room = rooms()
    room.synthesizer.error = error
    room.say("a")
    failed = room.wait_for("a", "failed")
    assert f"{failed.reason}: {failed.message}".startswith(reason)
    assert room.player.snapshot().last_error.startswith(reason)
    room.synthesizer.error = None
    room.say("b")
    room.wait_for("b", "finished")


def test_without_a_device_nothing_is_lost(rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_daemon.playback._outage._FIRST_S", 0.01)
    room = rooms()
    room.sink.error = UNPLUGGED
    room.say("a")
    room.say("b")
    room.diary.wait_for(lambda: "no_audio" in room.diary.states)
    assert room.player.snapshot().last_error == "unplugged"
    room.sink.error = None
    room.wait_for("b", "finished")
    assert room.diary.of("a") == ["queued", "started", "finished"]
    assert room.diary.states[-1] == "idle"


def test_the_device_is_looked_for_even_if_nothing_waits(
    rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_daemon.playback._outage._FIRST_S", 0.01)
    room = rooms()
    room.sink.error = UNPLUGGED
    room.say("a")
    room.diary.wait_for(lambda: "no_audio" in room.diary.states)
    room.player.command(Command.STOP)
    room.sink.error = None
    room.diary.wait_for(lambda: room.diary.states[-1] == "idle")


def test_what_waits_is_spoken_after_a_restart(rooms, tmp_path: Path) -> None:
    room = rooms(tmp_path / "queue.db")
    gate = room.close_gate()
    for name in "abc":
        room.say(name)
    room.wait_until_making("a")
    gate.release(100)
    room.player.command(Command.PAUSE)
    room.player.stop(PATIENCE_S)
    ended = {name for name in "abc" if "finished" in room.diary.of(name)}
    second = rooms(tmp_path / "queue.db")
    left = [name for name in "abc" if name not in ended]
    second.wait_for("c", "finished")
    started = [event.id for event in second.diary.events if event.event_type == "started"]
    assert started == left
    assert second.say("b") == -1


def test_the_interrupted_one_is_dropped_where_the_settings_say_so(rooms, tmp_path: Path) -> None:
    room = rooms(tmp_path / "queue.db")
    gate = room.close_gate()
    room.say("a")
    room.say("b")
    room.wait_until_making("a")
    stopper = threading.Thread(target=room.player.stop, args=(PATIENCE_S,))
    stopper.start()
    gate.release(10)
    stopper.join(PATIENCE_S)
    second = rooms(tmp_path / "queue.db", settings={"interrupted": "drop"})
    second.wait_for("b", "finished")
    assert second.diary.last("a").reason == "interrupted by a restart"


def test_without_a_journal_a_stop_cancels_what_waits(rooms) -> None:
    room = rooms()
    room.player.command(Command.PAUSE)
    room.say("a")
    room.player.stop(PATIENCE_S)
    assert room.diary.last("a").reason == "the daemon stops"


def test_volume_speed_and_preset(rooms) -> None:
    room = rooms()
    room.player.set_volume(30)
    room.player.set_speed(1.5)
    room.player.set_preset("happy")
    room.say("a")
    room.wait_for("a", "finished")
    (style,) = room.synthesizer.styles
    assert style.speed == pytest.approx(1.2 * 1.5)
    assert room.sink.gain == pytest.approx(0.3)
    now = room.player.snapshot()
    assert (now.volume, now.speed, now.preset) == (30, 1.5, "happy")


def test_what_a_text_could_not_have_is_told_once_at_its_end(
    rooms, capsys: pytest.CaptureFixture[str]
) -> None:
    room = rooms()
    room.synthesizer.warnings = (
        "emotion 'joyful': unknown",
        "emotion 'joyful': unknown",
        "x" * 999,
    )
    room.say("a")
    first, second = room.wait_for("a", "finished").warnings
    assert (first, len(second)) == ("emotion 'joyful': unknown", 200)
    # A slow machine looks at the text beforehand, and says nothing of it yet.
    assert capsys.readouterr().out == ""


def test_an_emotion_that_a_request_asks_for_is_refused_before_it_is_spoken(rooms) -> None:
    room = rooms(emotions=lambda voice: ("neutral", "happy"))
    with pytest.raises(InvalidRequestError, match=r"emotion: .*'hapy'; did you mean 'happy'"):
        room.say("a", overrides={"emotion": "hapy"})
    room.say("b", overrides={"emotion": "happy"})
    room.wait_for("b", "finished")
    assert room.diary.of("a") == []


def test_the_speed_stays_within_what_the_voice_can_do(rooms) -> None:
    room = rooms()
    room.player.set_speed(2)
    room.say("a", overrides={"speed": 1.9})
    room.wait_for("a", "finished")
    assert room.synthesizer.styles[0].speed == 2.0


@pytest.mark.parametrize(
    ("setter", "value"),
    [
        ("set_volume", 101),
        ("set_volume", float("nan")),
        ("set_speed", 0.4),
        ("set_preset", "x"),
        ("set_volume", "loud"),
    ],
)
def test_what_cannot_be_set_is_refused(rooms, setter: str, value: object) -> None:
    room = rooms()
    with pytest.raises(InvalidRequestError):
        getattr(room.player, setter)(value)


def test_quiet_hours_silence_what_is_not_important(rooms) -> None:
    room = rooms(minute_of_day=lambda: 23 * 60)
    room.player.set_quiet_hours({"start": "22:00", "volume": 0})
    room.say("news")
    room.say("fire", priority=Priority.IMPORTANT)
    room.wait_for("fire", "finished")
    assert room.wait_for("news", "cancelled").reason == "quiet hours"


def test_quiet_hours_that_people_set_last_until_the_configuration_changes(
    rooms, tmp_path: Path
) -> None:
    path = tmp_path / "queue.db"
    first = rooms(path)
    first.player.set_quiet_hours({"start": "22:00", "volume": 10})
    first.player.set_quiet_hours({"end": "06:30"})
    first.player.stop()
    again = rooms(path)
    chosen = {"start": "22:00", "end": "06:30", "volume": 10}
    assert again.player.snapshot().quiet_hours == chosen
    again.player.reload(FakePresets(), PlayerSettings())
    assert again.player.snapshot().quiet_hours == chosen
    changed = PlayerSettings(quiet_hours=QuietHoursSettings(start="23:00"))
    again.player.reload(FakePresets(), changed)
    assert again.player.snapshot().quiet_hours["start"] == "23:00"


@pytest.mark.parametrize(
    ("hours", "named"),
    [
        ({"start": "25:00"}, r"quiet_hours\.start"),
        ({"end": ""}, r"quiet_hours\.end"),
        ({"volume": 101}, r"quiet_hours\.volume"),
        ({"begin": "22:00"}, "begin"),
    ],
)
def test_quiet_hours_that_are_none_are_refused(rooms, hours: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidRequestError, match=named):
        rooms().player.set_quiet_hours(hours)


def test_reload_keeps_the_queue(rooms) -> None:
    room = rooms()
    room.player.command(Command.PAUSE)
    room.say("a")
    room.player.reload(FakePresets("night"), PlayerSettings(limit=1, preset="night"))
    assert "night" in room.player.snapshot().presets
    with pytest.raises(QueueFullError):
        room.say("b")
    room.player.command(Command.RESUME)
    room.wait_for("a", "finished")


def test_render_gives_the_chunks_with_volume_and_edges(rooms) -> None:
    room = rooms()
    room.synthesizer.chunks_s = (0.1, 0.1)
    room.synthesizer.volume = 50
    chunks = list(room.player.render(SpeakRequest("你好")))
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert len(samples) == 3200
    assert samples[1600] == pytest.approx(0.25)
    assert {chunk.volume for chunk in chunks} == {100.0}
    assert room.diary.events == []


def test_render_is_limited_and_a_closed_stream_makes_room(rooms) -> None:
    room = rooms(settings={"renders": 2})
    streams = [room.player.render(SpeakRequest("你好")) for _ in range(2)]
    with pytest.raises(QueueFullError):
        room.player.render(SpeakRequest("你好"))
    streams[0].close()
    streams[0].close()
    list(room.player.render(SpeakRequest("你好")))
    with pytest.raises(StopIteration):
        next(streams[0])
    del streams
    assert len([room.player.render(SpeakRequest("你好")) for _ in range(2)]) == 2


def test_closing_a_render_stops_the_synthesis(rooms) -> None:
    room = rooms()
    room.synthesizer.chunks_s = (0.1,) * 10
    stream = room.player.render(SpeakRequest("你好"))
    next(stream)
    stream.close()
    assert room.synthesizer.closed == 1


def test_a_failing_render_gives_its_place_back(rooms) -> None:
    room = rooms(settings={"renders": 1})
    room.synthesizer.error = VoiceError("no weights")
    for _ in range(2):
        with pytest.raises(VoiceError):
            list(room.player.render(SpeakRequest("你好")))


def test_rendering_and_speaking_go_on_side_by_side(rooms) -> None:
    room = rooms(sink=make_sink("null:fast"))
    room.synthesizer.chunks_s = (0.1,) * 20
    stream = room.player.render(SpeakRequest("你好"))
    next(stream)
    room.say("a")
    room.wait_for("a", "finished")
    assert len(list(stream)) == 20


def test_a_listener_may_call_the_player_and_may_fail(rooms) -> None:
    room = rooms()
    seen: list[str] = []

    def bad(item: Event | Snapshot) -> None:
        raise RuntimeError("a door fell off")

    def curious(item: Event | Snapshot) -> None:
        room.player.snapshot()
        if isinstance(item, Event):
            seen.append(item.id)

    room.player.subscribe(bad)
    end = room.player.subscribe(curious)
    room.say("a")
    room.wait_for("a", "finished")
    end()
    room.say("b")
    room.wait_for("b", "finished")
    assert set(seen) == {"a"}


def test_a_chime_comes_before_the_speech(rooms) -> None:
    room = rooms()
    room.say("a", overrides={"chime": "ding"})
    finished = room.wait_for("a", "finished")
    assert finished.audio_ms == pytest.approx(100)
    assert room.sink.written == 1600 + len(Chimes().sound("ding").samples)


def test_an_unknown_chime_is_refused(rooms) -> None:
    room = rooms()
    with pytest.raises(InvalidRequestError, match="chime: "):
        room.say("a", overrides={"chime": "dingg"})


def test_what_people_had_set_is_kept_over_a_restart(rooms, tmp_path: Path) -> None:
    room = rooms(tmp_path / "queue.db")
    room.player.set_volume(30)
    room.player.set_preset("happy")
    room.player.stop(PATIENCE_S)
    second = rooms(tmp_path / "queue.db")
    now = second.player.snapshot()
    assert (now.volume, now.preset, now.speed) == (30, "happy", 1.0)
    assert second.sink.gain == pytest.approx(0.3)


def test_a_new_volume_in_the_configuration_wins(rooms, tmp_path: Path) -> None:
    room = rooms(tmp_path / "queue.db")
    room.player.set_volume(30)
    room.player.stop(PATIENCE_S)
    second = rooms(tmp_path / "queue.db", settings={"volume": 80.0})
    assert second.player.snapshot().volume == 80


COMMANDS = [Command.SKIP, Command.STOP, Command.CLEAR, Command.PAUSE, Command.RESUME]
STEPS = st.one_of(
    st.tuples(st.sampled_from(list(Priority)), st.sampled_from(list(Policy))),
    st.sampled_from(COMMANDS),
    st.just("permit"),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(STEPS, max_size=12), min_size=1, max_size=3))
def test_whatever_several_people_do_at_once_everything_is_accounted_for(scripts) -> None:
    room = Room(settings={"limit": 8})
    gate = room.close_gate()
    room.player.start()
    accepted: list[str] = []
    refused: list[str] = []

    def act(script: list, person: int) -> None:
        for number, step in enumerate(script):
            name = f"{person}-{number}"
            if step == "permit":
                gate.release()
            elif isinstance(step, Command):
                room.player.command(step)
            else:
                try:
                    room.say(name, priority=step[0], policy=step[1])
                    accepted.append(name)
                except QueueFullError:
                    refused.append(name)
                    room.player.count_refusal()

    people = [
        threading.Thread(target=act, args=(script, person)) for person, script in enumerate(scripts)
    ]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join(PATIENCE_S)
    room.player.command(Command.RESUME)
    gate.release(10_000)
    final = {"finished", "cancelled", "expired", "failed"}

    def ends() -> list[str]:
        return sorted(event.id for event in room.diary.events if event.event_type in final)

    room.diary.wait_for(lambda: len(ends()) >= len(accepted))
    assert room.player.stop(PATIENCE_S)
    assert ends() == sorted(accepted)
    assert room.synthesizer.most_at_once <= 1
    assert all(room.diary.of(name) == [] for name in refused)
    counters = room.player.snapshot().counters
    assert counters.get("refused", 0) == len(refused)
    assert counters.get("accepted", 0) == len(accepted)


def test_what_the_journal_could_not_keep_is_cancelled_by_a_stop(rooms, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    room = rooms(tmp_path / "state" / "queue.db")
    room.player.command(Command.PAUSE)
    room.say("a")
    room.player.stop(PATIENCE_S)
    assert room.diary.last("a").reason == "the daemon stops"


def test_a_text_that_cannot_be_read_does_not_take_the_device(rooms) -> None:
    room = rooms()

    def refuse(*_: object) -> Iterator[Clause]:
        raise VoiceError("no such voice")

    room.synthesizer.read = refuse
    room.say("a")
    assert room.wait_for("a", "failed").reason == "voice"
    assert room.sink.opened == 0
