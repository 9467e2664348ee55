"""A speech service that speaks nothing: it remembers, and plays back what a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from tts_daemon.domain import (
    FINAL,
    AudioChunk,
    Clause,
    ClauseSound,
    Event,
    EventType,
    PlayerState,
    SpeakRequest,
    Style,
    Symbol,
)
from tts_daemon.errors import InvalidRequestError, QueueFullError, TtsError
from tts_daemon.ports import Command, Snapshot, SoFar
from tts_daemon.requests import check_length, style_number
from tts_daemon.settings.quiet_hours import changed_hours
from tts_daemon.settings.schema import QuietHoursSettings

SAMPLE_RATE = 16000
IDLE = Snapshot(
    state=PlayerState.IDLE,
    speaking_id="",
    queued=0,
    volume=100.0,
    speed=1.0,
    preset="neutral",
    presets=("neutral", "happy"),
    voices=("tiny",),
    last_error="",
    counters={"finished": 0},
    last_first_audio_ms=None,
    last_real_time_factor=None,
    chimes=("ding",),
    quiet_hours={"start": "", "end": "07:00", "volume": 30.0},
)


class FakeStream:
    """Collects a text; `is_wanted` says whether its utterance goes on."""

    def __init__(self, service: FakeSpeechService, request: SpeakRequest) -> None:
        self.position = 0
        self.is_wanted = True
        self.pieces: list[str] = []
        self.warnings: list[str] = []
        self._service = service
        self._request = request
        service.streams.append(self)
        if request.id in [known.id for known in service.accepted]:
            service.emit(Event(EventType.DUPLICATE, request.id, reason="accepted before"))
            self.position, self.is_wanted = -1, False

    def add(self, piece: str) -> bool:
        self.pieces.append(piece)
        return self.is_wanted

    def end(self, warning: str = "") -> None:
        if self.is_wanted:
            self.is_wanted = False
            self.warnings += [warning] if warning else []
            self._service.submit(replace(self._request, text="".join(self.pieces)))


class FakeSpeechService:
    """Accepts up to `limit` requests; ends them at once when `finishes` is set.

    `chunks` is what `render` yields; a TtsError in it is raised in its place.
    """

    def __init__(
        self, *, limit: int = 100, finishes: bool = True, max_characters: int = 10_000
    ) -> None:
        self.limit = limit
        self.max_characters = max_characters
        self.refused = 0
        self.finishes = finishes
        self.accepted: list[SpeakRequest] = []
        self.clauses: list[Clause] = []
        self.streams: list[FakeStream] = []
        self.commands: list[Command] = []
        self.chunks: list[AudioChunk | TtsError] = []
        self.render_closed = threading.Event()
        self.submitted = threading.Event()
        self.on_submit: Callable[[str], None] = lambda _: None
        self._snapshot = IDLE
        self.flushes = 0
        self.untold: list[Event] = []
        self.confirmed: list[str] = []
        self._confirming = threading.Condition()
        self._listeners: list[Callable[[Event | Snapshot], None]] = []

    @property
    def texts(self) -> list[str]:
        return [request.text for request in self.accepted]

    def submit(self, request: SpeakRequest, *, lasting: bool = True) -> int:
        check_length(request.text, self.max_characters)
        if request.id in [known.id for known in self.accepted]:
            self.emit(Event(EventType.DUPLICATE, request.id, reason="accepted before"))
            return -1
        if len(self.accepted) >= self.limit:
            raise QueueFullError(f"{self.limit} utterances wait already (queue.limit)")
        self.accepted.append(request)
        self.submitted.set()
        self.on_submit(request.id)
        if self.finishes:
            self.emit(Event(EventType.FINISHED, request.id, first_audio_ms=12.5, audio_ms=900.0))
        return len(self.accepted) - 1

    def open(self, request: SpeakRequest, *, lasting: bool = True) -> FakeStream:
        """Submitted when its text is whole."""
        return FakeStream(self, request)

    def flush(self) -> None:
        self.flushes += 1

    def emit(self, event: Event) -> None:
        if isinstance(event, Event) and event.event_type in FINAL:
            self.untold.append(event)
        for listener in list(self._listeners):
            listener(event)

    def render(self, request: SpeakRequest, so_far: SoFar | None = None) -> Iterator[AudioChunk]:
        try:
            check_length(request.text, self.max_characters)
            self.accepted.append(request)
            yield from self._given()
        finally:
            self.render_closed.set()

    def read(self, request: SpeakRequest) -> Iterator[Clause]:
        """Reads every text as one and the same sentence."""
        end = Symbol("#4", "tone_none", "s_none", "word_none")
        words, pinyin = ("重庆", "WiFi玩儿"), ("chong2", "qing4", "WIFI", "wanr2")
        yield Clause(request.text, request.text, words, pinyin, (1, 4), (end,), Style())

    def make(self, clause: Clause) -> ClauseSound:
        """`chunks` again, ten frames a symbol."""
        self.clauses.append(clause)
        frames = (10,) * len(clause.symbols)
        return ClauseSound("f" * 64, SAMPLE_RATE, 200, frames, self._given())

    def _given(self) -> Iterator[AudioChunk]:
        for chunk in self.chunks:
            if isinstance(chunk, TtsError):
                raise chunk
            yield chunk

    def count_refusal(self) -> None:
        self.refused += 1

    def command(self, command: Command) -> None:
        self.commands.append(command)

    def set_volume(self, percent: float) -> None:
        self._snapshot = replace(self._snapshot, volume=style_number("volume", percent))

    def set_speed(self, factor: float) -> None:
        self._snapshot = replace(self._snapshot, speed=style_number("speed", factor))

    def set_preset(self, name: str) -> None:
        if name not in self._snapshot.presets:
            raise InvalidRequestError(f"preset: no preset is called {name!r}")
        self._snapshot = replace(self._snapshot, preset=name)

    def set_quiet_hours(self, hours: Mapping[str, Any]) -> None:
        known = QuietHoursSettings(**self._snapshot.quiet_hours)
        hours = asdict(changed_hours(known, hours))
        self._snapshot = replace(self._snapshot, quiet_hours=hours)

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def subscribe(self, listener: Callable[[Event | Snapshot], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def unconfirmed(self) -> list[Event]:
        return list(self.untold)

    def confirm(self, event_id: str) -> None:
        with self._confirming:
            self.confirmed.append(event_id)
            self.untold = [event for event in self.untold if event.id != event_id]
            self._confirming.notify_all()

    def wait_confirmed(self, *names: str) -> None:
        with self._confirming:
            assert self._confirming.wait_for(lambda: {*names} <= {*self.confirmed}, 60)


def tone(seconds: float, level: float = 0.5) -> AudioChunk:
    """A chunk of half-scale sound."""
    samples = np.full(round(seconds * SAMPLE_RATE), level, dtype=np.float32)
    return AudioChunk(samples, SAMPLE_RATE)
