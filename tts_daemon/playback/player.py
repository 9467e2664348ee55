"""The player: what the doors call to have something spoken (`ports.SpeechService`).

    player = Player(
        synthesizer,                      # ports.SpeechSynthesizer
        make_sink("default"),             # sound.sink_factory: default, a name, null, wav:PATH
        Journal(Path("queue.db")),        # playback.journal; Journal() keeps all in memory
        Presets(settings),                # anything with .names and .style(name, overrides)
        PlayerSettings(limit=32, preset="neutral"),
        voices=("xiaoyu",),               # names, the default first
        engine="native (neon)",           # what plays the vocoder; for people
        quiet=lambda priority: 1.0,       # amplitude factor now; 0: not spoken at all
        chimes=Chimes(directory),         # playback.chimes; sounds that a preset may name
        heartbeat=watchdog.feed,          # called by the worker, at least every 5 s
    )
    end = player.subscribe(listener)      # before start, to hear of what the journal brought back
    player.start()                        # opens the journal, starts the worker; no device yet
    player.submit(SpeakRequest("你好"))
    player.reload(Presets(new), PlayerSettings(...))   # SIGHUP: the queue stays
    player.stop(timeout_s=2.0)            # silent at once; what waits stays in the journal

`submit`, `render`, `command`, `set_*`, `snapshot` and `subscribe` are described in `ports`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from tts_daemon.clock import Clock, SystemClock
from tts_daemon.domain import AudioChunk, Clause, Priority, SpeakRequest, Style
from tts_daemon.errors import InvalidRequestError, NotReadyError
from tts_daemon.playback._chunk_source import ChunkSource
from tts_daemon.playback._dispatcher import Dispatcher
from tts_daemon.playback._fair_lock import FairLock
from tts_daemon.playback._outbox import Listener, Outbox
from tts_daemon.playback._queue import SpeechQueue
from tts_daemon.playback._render import RenderSlots, RenderStream
from tts_daemon.playback._requests import checked, checked_number
from tts_daemon.playback._speaker import Prepared, Speaker
from tts_daemon.playback.chimes import Chimes
from tts_daemon.playback.journal import Journal
from tts_daemon.ports import Command, Sink, Snapshot, SpeechSynthesizer
from tts_daemon.sound.levels import gain_of

_Value = TypeVar("_Value", float, str)


class PresetBook(Protocol):
    """What the player needs to know of presets."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names, in the order of the configuration."""
        ...

    def style(self, name: str, overrides: Mapping[str, str | float] | None = None) -> Style:
        """The preset with overrides. Raises InvalidRequestError that names the field."""
        ...


@dataclass(frozen=True, slots=True)
class PlayerSettings:
    """What the configuration says about the player.

    Attributes:
        limit: Utterances that may wait.
        interrupted: `again` or `drop`: the utterance that a crash cut off.
        max_characters: Longest text of one request.
        renders: Texts that may be rendered at one time, by all doors; each door takes a few.
        preset: Default preset.
        volume: At start, percent.
    """

    limit: int = 32
    interrupted: str = "again"
    max_characters: int = 10000
    renders: int = 16
    preset: str = "neutral"
    volume: float = 100.0


class Player:
    """Queue, worker and sink behind one interface. Safe to use from any thread."""

    def __init__(
        self,
        synthesizer: SpeechSynthesizer,
        sink: Sink,
        journal: Journal,
        presets: PresetBook,
        settings: PlayerSettings | None = None,
        *,
        voices: tuple[str, ...] = (),
        engine: str = "",
        quiet: Callable[[Priority], float] = lambda priority: 1.0,
        chimes: Chimes | None = None,
        heartbeat: Callable[[], None] = lambda: None,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings or PlayerSettings()
        self._synthesizer = synthesizer
        self._sink = sink
        self._journal = journal
        self._presets = presets
        self._voices = voices
        self._engine = engine
        self._quiet = quiet
        self._chimes = chimes or Chimes()
        self._clock = clock or SystemClock()
        self._preset = self._settings.preset
        self._volume = self._settings.volume
        self._speed = 1.0
        self._last_snapshot: Snapshot | None = None
        self._outbox = Outbox()
        self._turn = FairLock()
        self._slots = RenderSlots(self._settings.renders)
        self._queue = SpeechQueue(limit=self._settings.limit)
        self._dispatcher = Dispatcher(
            self._queue, journal, sink, self._outbox, self._clock, self._announce
        )
        self._speaker = Speaker(
            self._dispatcher, synthesizer, sink, self._turn, self._prepare, heartbeat, self._clock
        )

    # -- life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Take in what the journal kept, and begin to speak."""
        self._dispatcher.open(self._settings.interrupted)
        self._recall()
        self._set_gain()
        self._speaker.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Be silent at once, end the worker, give the device back.

        Returns:
            Whether the worker ended in time; it is left behind where not.
        """
        self._dispatcher.close()
        ended = self._speaker.join(timeout_s)
        self._sink.close()
        self._journal.close()
        return ended

    def reload(self, presets: PresetBook, settings: PlayerSettings) -> None:
        """Take over a new configuration; queue, volume and what is being spoken stay."""
        with self._dispatcher.lock:
            self._presets, self._settings = presets, settings
            self._queue.limit = settings.limit
            if self._preset not in presets.names:
                self._preset = settings.preset
        self._tell()

    # -- ports.SpeechService --------------------------------------------------------------------

    def submit(self, request: SpeakRequest, *, lasting: bool = True) -> int:
        """Accept a request; it is in the journal when this returns."""
        return self._dispatcher.accept(self._checked(request), lasting=lasting)

    def flush(self) -> None:
        """Write through to the disk what was accepted so far."""
        self._journal.flush()

    def render(self, request: SpeakRequest) -> RenderStream:
        """Synthesise for the caller; the slot is free again when the stream is closed."""
        if not self._dispatcher.running:
            raise NotReadyError("the daemon is starting or stopping; try again in a moment")
        request = self._checked(request)
        style = self._style(request)
        self._slots.take()
        try:
            chunks = self._synthesizer.stream(request.text, style, keep=request.keep)
            return RenderStream(ChunkSource(chunks, self._turn, self._clock), self._slots)
        except BaseException:
            self._slots.give_back()
            raise

    def read(self, request: SpeakRequest) -> Iterator[Clause]:
        """Yield the clauses that would be spoken, one by one."""
        request = self._checked(request)
        return self._synthesizer.read(request.text, self._style(request))

    def command(self, command: Command) -> None:
        """Carry out a command. `repeat` raises as `submit` does."""
        actions: dict[Command, Callable[[], None]] = {
            Command.STOP: self._dispatcher.stop,
            Command.SKIP: self._dispatcher.skip,
            Command.CLEAR: self._dispatcher.clear,
            Command.PAUSE: self._dispatcher.pause,
            Command.RESUME: self._dispatcher.resume,
            Command.REPEAT: self._repeat,
        }
        actions[command]()

    def set_volume(self, percent: float) -> None:
        """Heard within one block."""
        self._volume = checked_number("volume", percent, 0, 100)
        self._remember("volume", self._volume, self._settings.volume)
        self._set_gain()
        self._tell()

    def set_speed(self, factor: float) -> None:
        """Counts from the next utterance on."""
        self._speed = checked_number("speed", factor, 0.5, 2)
        self._remember("speed", self._speed, 1.0)
        self._tell()

    def set_preset(self, name: str) -> None:
        """Counts for requests that are accepted from now on."""
        self._presets.style(name)
        self._preset = name
        self._remember("preset", name, self._settings.preset)
        self._tell()

    def snapshot(self) -> Snapshot:
        """The player at this moment."""
        desk = self._dispatcher
        with desk.lock:
            finished = desk.last_finished
            return Snapshot(
                state=desk.state,
                speaking_id=desk.speaking_id,
                queued=desk.queued,
                volume=self._volume,
                speed=self._speed,
                preset=self._preset,
                presets=self._presets.names,
                voices=self._voices,
                last_error=desk.last_error,
                counters={**desk.counters, **self._sink.counters()},
                last_first_audio_ms=finished.first_audio_ms if finished else None,
                last_real_time_factor=finished.real_time_factor if finished else None,
                engine=self._engine,
            )

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of every event and every change of state, in order."""
        return self._outbox.subscribe(listener)

    # -- inside ---------------------------------------------------------------------------------

    def _checked(self, request: SpeakRequest) -> SpeakRequest:
        request = checked(request, self._settings.max_characters)
        if request.preset is None:
            request = replace(request, preset=self._preset)
        style = self._style(request)
        self._chimes.check_name(style.chime)
        if self._voices and style.voice and style.voice not in self._voices:
            known = ", ".join(self._voices)
            raise InvalidRequestError(f"voice: no voice is called {style.voice!r}; known: {known}")
        return request

    def _style(self, request: SpeakRequest) -> Style:
        """Every choice made: the preset, what the request asks for, and the speed of all speech."""
        style = self._presets.style(request.preset or self._preset, request.overrides)
        return replace(style, speed=min(2.0, max(0.5, style.speed * self._speed)))

    def _prepare(self, request: SpeakRequest) -> Prepared:
        """How a request is spoken, now that its turn has come."""
        style = self._style(request)
        return Prepared(style, self._quiet(request.priority), self._prelude(style))

    def _prelude(self, style: Style) -> AudioChunk | None:
        if not style.chime:
            return None
        return replace(self._chimes.sound(style.chime), volume=style.volume)

    def _repeat(self) -> None:
        last = self._dispatcher.last_request()
        if last is not None:
            now_s = self._clock.wall_s()
            self._dispatcher.accept(replace(last, id=uuid.uuid4().hex, created_s=now_s))

    def _remember(self, name: str, value: float | str, configured: float | str) -> None:
        self._journal.remember(name, json.dumps([configured, value]))

    def _recall(self) -> None:
        """Go on with what people had set, unless the configuration was changed since."""
        self._volume = self._recalled("volume", self._settings.volume)
        self._speed = self._recalled("speed", 1.0)
        preset = self._recalled("preset", self._settings.preset)
        if preset in self._presets.names:
            self._preset = preset

    def _recalled(self, name: str, configured: _Value) -> _Value:
        kept = self._journal.recall(name)
        if kept is None:
            return configured
        before, value = json.loads(kept)
        return value if before == configured and type(value) is type(configured) else configured

    def _set_gain(self) -> None:
        self._sink.set_gain(gain_of(self._volume))

    def _announce(self) -> None:
        """Put the new state in line, where it differs from the last one that was told."""
        now = self.snapshot()
        last = self._last_snapshot
        if last is None or replace(now, counters={}) != replace(last, counters={}):
            self._last_snapshot = now
            self._outbox.put(now)

    def _tell(self) -> None:
        with self._dispatcher.lock:
            self._announce()
        self._outbox.deliver()
