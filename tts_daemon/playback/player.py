"""The player: what the doors call to have something spoken (`ports.SpeechService`).

    player = Player(
        synthesizer,                      # ports.SpeechSynthesizer
        make_sink("default"),             # sound.sink_factory: default, a name, null, wav:PATH
        Journal(Path("queue.db")),        # playback.journal; Journal() keeps all in memory
        Presets(settings),                # anything with .names and .style(name, overrides)
        PlayerSettings(limit=32, preset="neutral"),
        PlayerContext(voices=("wuyin",), heartbeat=watchdog.feed),
    )
    end = player.subscribe(listener)      # before start, to hear of what the journal brought back
    player.warm_up("你好。")               # measures the machine; optional
    player.start()                        # opens the journal, starts the worker; no device yet
    player.submit(SpeakRequest("你好"))
    player.reload(Presets(new), PlayerSettings(...))   # SIGHUP: the queue stays
    player.stop(timeout_s=1.5)            # silent at once; what waits stays in the journal

`submit`, `open`, `render`, `command`, `set_*`, `snapshot` and `subscribe` are described in `ports`.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tts_daemon.domain import Clause, ClauseSound, Event, SpeakRequest
from tts_daemon.errors import NotReadyError
from tts_daemon.playback._board import Board, Listener
from tts_daemon.playback._chunk_source import ChunkSource
from tts_daemon.playback._context import PlayerContext, PlayerSettings, PresetBook
from tts_daemon.playback._dispatcher import Dispatcher
from tts_daemon.playback._endings import Endings
from tts_daemon.playback._manner import Manner
from tts_daemon.playback._render import RenderSlots, RenderStream
from tts_daemon.playback._speaker import Speaker
from tts_daemon.playback._turns import Turns
from tts_daemon.playback._writing import Writing
from tts_daemon.playback.journal import Journal
from tts_daemon.ports import Command, Sink, Snapshot, SoFar, SpeechSynthesizer, TextStream
from tts_daemon.requests import check_length
from tts_daemon.sound.levels import gain_of

_LEAST_S = 0.2
"""What device and journal get to end, even when the worker took all the time."""


class Player:
    """Owns the rooms of playback, and lets the doors in: queue, worker and sink. For any thread."""

    def __init__(
        self,
        synthesizer: SpeechSynthesizer,
        sink: Sink,
        journal: Journal,
        presets: PresetBook,
        settings: PlayerSettings | None = None,
        context: PlayerContext | None = None,
    ) -> None:
        self._settings = settings = settings or PlayerSettings()
        self._clock = (context := context or PlayerContext()).clock
        self._synthesizer = synthesizer
        self._sink = sink
        self._board = Board(sink.counters, journal.is_written)
        self._endings = Endings(journal, is_confirmed=context.confirms)
        self._manner = Manner(presets, settings, journal, context)
        self._turns = turns = Turns(sink.ahead_s)
        self._slots = RenderSlots(settings.renders)
        self._dispatcher = Dispatcher(journal, sink, self._board, turns, self._endings, self._clock)
        self._dispatcher.set_limit(settings.limit)
        self._speaker = Speaker(self._dispatcher, synthesizer, sink, turns, self._manner, context)
        self._board.show(**self._manner.told())

    # -- life -----------------------------------------------------------------------------------

    def warm_up(self, text: str) -> None:
        """Make a text ready that nobody hears, before `start`: it measures the machine."""
        self._speaker.warm_up(text)

    def start(self) -> None:
        """Take in what the journal kept, and begin to speak."""
        self._dispatcher.open(self._settings.interrupted)
        self._manner.recall()
        self._follow_manner()
        self._speaker.start()

    def stop(self, timeout_s: float = 1.5) -> bool:
        """Be silent at once, end the worker, give the device back; none may take longer than this.

        Returns:
            Whether the worker ended in time; it is left behind where not.
        """
        end_s = time.monotonic() + timeout_s
        self._dispatcher.close()
        ended = self._speaker.join(timeout_s)
        self._sink.close(max(_LEAST_S, end_s - time.monotonic()))
        # A disk that is slow to write may not keep the daemon: what was accepted is in the log.
        closing = threading.Thread(
            target=self._dispatcher.close_journal, name="closing", daemon=True
        )
        closing.start()
        closing.join(max(_LEAST_S, end_s - time.monotonic()))
        return ended

    def reload(self, presets: PresetBook, settings: PlayerSettings) -> None:
        """Take over a new configuration; queue, volume and what is being spoken stay."""
        self._settings = settings
        self._manner.reload(presets, settings)
        self._dispatcher.set_limit(settings.limit)
        self._follow_manner()

    # -- ports.SpeechService --------------------------------------------------------------------

    def submit(self, request: SpeakRequest, *, lasting: bool = True) -> int:
        """Accept a request; it is in the journal when this returns."""
        return self._dispatcher.accept(self._checked(request), lasting=lasting)

    def open(self, request: SpeakRequest, *, lasting: bool = True) -> TextStream:
        """Accept a request whose text is still being written."""
        writing = Writing(self._settings.max_characters, self._settings.patience_s, self._clock)
        writing.changed = partial(self._dispatcher.wrote, writing)
        position = self._dispatcher.accept(
            self._manner.checked(request), lasting=lasting, writing=writing
        )
        writing.position = position
        return writing

    def flush(self) -> None:
        """Write through to the disk what was accepted so far."""
        self._dispatcher.flush()

    def render(self, request: SpeakRequest, so_far: SoFar | None = None) -> RenderStream:
        """Synthesise for the caller; the slot is free again when the stream is closed."""
        if not self._dispatcher.running:
            raise NotReadyError("the daemon is starting or stopping; try again in a moment")
        request = self._checked(request)
        style = self._manner.style(request)
        self._slots.take()
        try:
            chunks = self._synthesizer.stream(request.text, style, keep=request.keep, so_far=so_far)
            return RenderStream(
                ChunkSource(chunks, self._turns.for_caller, self._clock), self._slots
            )
        except BaseException:
            self._slots.give_back()
            raise

    def make(self, clause: Clause) -> ClauseSound:
        """Synthesise a clause that another daemon has read; its chunks are to be closed."""
        if not self._dispatcher.running:
            raise NotReadyError("the daemon is starting or stopping; try again in a moment")
        self._slots.take()
        try:
            with self._turns.for_caller():
                sound = self._synthesizer.make(clause)
            source = ChunkSource(sound.chunks, self._turns.for_caller, self._clock)
            return replace(sound, chunks=RenderStream(source, self._slots, as_made=True))
        except BaseException:
            self._slots.give_back()
            raise

    def read(self, request: SpeakRequest) -> Iterator[Clause]:
        """Yield the clauses that would be spoken, one by one."""
        request = self._checked(request)
        return self._synthesizer.read(request.text, self._manner.style(request))

    def count_refusal(self) -> None:
        """A door has refused a message."""
        self._dispatcher.count_refusal()

    def command(self, command: Command) -> None:
        """Carry out a command. `repeat` raises as `submit` does."""
        actions: dict[Command, Callable[[], None]] = {
            Command.STOP: self._dispatcher.stop,
            Command.SKIP: self._dispatcher.skip,
            Command.CLEAR: self._dispatcher.clear,
            Command.PAUSE: partial(self._dispatcher.set_paused, paused=True),
            Command.RESUME: partial(self._dispatcher.set_paused, paused=False),
            Command.REPEAT: self._repeat,
        }
        actions[command]()

    def set_volume(self, percent: float) -> None:
        """Heard within one block."""
        self._manner.set_volume(percent)
        self._follow_manner()

    def set_speed(self, factor: float) -> None:
        """Counts from the next utterance on."""
        self._manner.set_speed(factor)
        self._follow_manner()

    def set_preset(self, name: str) -> None:
        """Counts for requests that are accepted from now on."""
        self._manner.set_preset(name)
        self._follow_manner()

    def set_quiet_hours(self, hours: Mapping[str, Any]) -> None:
        """Counts from the next utterance on."""
        self._manner.set_quiet_hours(hours)
        self._follow_manner()

    def snapshot(self) -> Snapshot:
        """The player at this moment."""
        return self._board.snapshot()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of every event and every change of state, in order."""
        return self._board.subscribe(listener)

    def unconfirmed(self) -> list[Event]:
        """Final events that nobody has confirmed."""
        return self._endings.unconfirmed()

    def confirm(self, event_id: str) -> None:
        """Somebody who was promised the final event of an utterance has it."""
        self._endings.confirm(event_id)

    def set_trouble(self, part: str, problem: str) -> None:
        """Show in the state what is wrong with a part of the daemon; empty: nothing any more."""
        self._dispatcher.set_trouble(part, problem)

    # -- inside ---------------------------------------------------------------------------------

    def _checked(self, request: SpeakRequest) -> SpeakRequest:
        check_length(request.text, self._settings.max_characters)
        return self._manner.checked(request)

    def _repeat(self) -> None:
        last = self._dispatcher.last_request()
        if last is not None:
            now_s = self._clock.wall_s()
            again = replace(last, id=uuid.uuid4().hex, created_s=now_s)
            # Not written through: whoever sends commands must not wait for the disk.
            self._dispatcher.accept(again, lasting=False)

    def _follow_manner(self) -> None:
        self._sink.set_gain(gain_of(self._manner.volume))
        self._board.show(**self._manner.told())
        self._board.deliver()
