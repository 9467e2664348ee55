"""The worker: takes the next utterance, has it synthesised, and hands the sound to the device."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tts_daemon.domain import AudioChunk, SpeakRequest, Style
from tts_daemon.errors import AudioUnavailableError, InternalError, TtsError
from tts_daemon.playback._chunk_source import ChunkSource
from tts_daemon.playback._context import PlayerContext
from tts_daemon.playback._dispatcher import Dispatcher
from tts_daemon.playback._manner import Manner, Prepared
from tts_daemon.playback._performance import Performance, Stretch
from tts_daemon.playback._queue import Utterance
from tts_daemon.playback._start_policy import Outline, Pace, StartPolicy, outline_of
from tts_daemon.playback._turns import Turns
from tts_daemon.playback._warnings import Warnings
from tts_daemon.playback._writing import Writing
from tts_daemon.ports import Sink, SoFar, SpeechSynthesizer

log = logging.getLogger(__name__)

_BEAT_S = 5.0
_MOST_HELD_S = 25.0
_MOST_CLAUSES = 20
"""More than `_MOST_HELD_S` holds."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One utterance of the dispatcher's, as a performance sees it."""

    utterance: Utterance
    begin_s: float
    dispatcher: Dispatcher
    heartbeat: Callable[[], None]

    def is_wanted(self) -> bool:
        return self.dispatcher.is_current(self.utterance)

    def started(self) -> None:
        self.dispatcher.started(self.utterance)

    def goes_on(self) -> None:
        self.heartbeat()


class _Script:
    """The text of one utterance, as a performance is given it while it is being written.

    Args:
        writing: The text.
        stretch_of: Has a stretch of it synthesised.
    """

    def __init__(self, writing: Writing, stretch_of: Callable[[str], Stretch]) -> None:
        self._writing = writing
        self._stretch_of = stretch_of
        self._taken = 0
        self.is_over = False

    def next(self, timeout_s: float) -> Stretch | None:
        text = self._writing.since(self._taken, timeout_s)
        self.is_over = text is None
        if not text:
            return None
        self._taken += len(text)
        return self._stretch_of(text)


def _unheard(_: str) -> None:
    """What cannot be met is told when the text is spoken, not when it is only looked at."""


class Speaker:
    """Owns the thread that speaks, and what it has learned of the pace of every voice.

    Args:
        dispatcher: Hands out utterances, and is told how each ended.
        synthesizer: Makes the sound.
        sink: Plays it.
        turns: Its right to synthesise.
        manner: Says how a request is spoken, now that its turn has come.
        context: Heartbeat and clock.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        synthesizer: SpeechSynthesizer,
        sink: Sink,
        turns: Turns,
        manner: Manner,
        context: PlayerContext,
    ) -> None:
        self._dispatcher = dispatcher
        self._synthesizer = synthesizer
        self._sink = sink
        self._turns = turns
        self._manner = manner
        self._heartbeat = context.heartbeat
        self._clock = context.clock
        # By voice, and by who speaks for it.
        self._paces: defaultdict[tuple[str, str], Pace] = defaultdict(Pace)
        self._thread: threading.Thread | None = None
        sink.while_waiting = self._heartbeat

    def warm_up(self, text: str) -> None:
        """Have a text made that nobody hears: it measures the machine."""
        style = self._manner.style(SpeakRequest(text))
        policy = self._policy(text, style)
        chunks = self._synthesizer.stream(text, style)
        source = ChunkSource(chunks, self._turns.for_caller, self._clock)
        before_s = 0.0
        for chunk in source:
            policy.arrived(chunk.duration_s, source.synthesis_s - before_s, chunk.clause)
            before_s = source.synthesis_s
        policy.learn()

    def start(self) -> None:
        """Begin to speak."""
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end, after the dispatcher was closed; whether it came."""
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while self._dispatcher.running:
            self._heartbeat()
            utterance = self._dispatcher.take(_BEAT_S)
            if utterance is not None:
                self._speak(utterance)
            elif self._dispatcher.probe_due():
                self._probe()

    def _probe(self) -> None:
        """With nothing to speak, look whether the lost device is back."""
        try:
            self._sink.open()
            self._sink.drain()
        except AudioUnavailableError as error:
            self._dispatcher.audio_lost(None, str(error))
        else:
            self._dispatcher.audio_back()

    def _speak(self, utterance: Utterance) -> None:
        try:
            self._perform(utterance)
        except AudioUnavailableError as error:
            self._dispatcher.audio_lost(utterance, str(error))
        except TtsError as error:
            self._dispatcher.failed(utterance, error)
        except Exception as error:
            log.exception("utterance %s failed", utterance.request.id)
            self._dispatcher.failed(utterance, InternalError(f"{type(error).__name__}: {error}"))

    def _perform(self, utterance: Utterance) -> None:
        begin_s = self._clock.monotonic_s()
        prepared = self._manner.prepare(utterance.request)
        if prepared.gain <= 0:
            self._dispatcher.cancelled(utterance, "quiet hours")
            return
        writing = utterance.writing
        text = writing.since(0, 0.0) or "" if writing else utterance.request.text
        # Before the device is taken: a text that cannot be read must not keep it.
        policy = self._policy(text, prepared.style)
        # Only a device that was lost is waited for: else it opens while the first chunk is made.
        lost = self._dispatcher.is_audio_lost
        self._sink.open(wait=lost)
        if lost:
            self._dispatcher.audio_back()
        part = _Part(utterance, begin_s, self._dispatcher, self._heartbeat)
        warnings = Warnings(utterance.request.id)
        figures = self._play(part, prepared, policy, warnings)
        if figures is not None:
            for warning in writing.warnings if writing else ():
                warnings.add(warning)
            self._dispatcher.finished(utterance, {**figures, "warnings": warnings.told})

    def _play(
        self, part: _Part, prepared: Prepared, policy: StartPolicy, warnings: Warnings
    ) -> dict[str, Any] | None:
        request, writing, style = part.utterance.request, part.utterance.writing, prepared.style
        so_far = SoFar()

        def chunks_of(text: str) -> Iterator[AudioChunk]:
            return self._turns.kept_for(
                self._synthesizer.stream(
                    text, style, keep=request.keep, warn=warnings.add, so_far=so_far
                )
            )

        def stretch_of(text: str) -> Stretch:
            return Stretch(chunks_of(text), lambda: self._policy(text, style))

        expected = self._synthesizer.expects(style.voice)
        script = _Script(writing, stretch_of) if writing else None
        made = iter(()) if writing else chunks_of(request.text)
        source = ChunkSource(made, self._turns.for_loudspeaker, self._clock)
        performance = Performance(source, self._sink, policy, prepared, part, self._clock, script)
        with contextlib.closing(source):
            figures = performance.play()
        # What another has spoken says nothing about the pace of whom it was expected of.
        if figures is not None and performance.spoken_by == expected:
            performance.policy.learn()
        return figures

    def _policy(self, text: str, style: Style) -> StartPolicy:
        pace = self._paces[style.voice, self._synthesizer.expects(style.voice)]
        # Only a slow machine has to know how long a text is before it may begin.
        outlines = [] if pace.is_fast else self._outlines(text, style)
        return StartPolicy(pace, outlines, _MOST_HELD_S, style.speed)

    def _outlines(self, text: str, style: Style) -> list[Outline]:
        """Of each clause, as far as it matters."""
        clauses = self._synthesizer.read(text, style, _unheard)
        return [outline_of(clause) for clause in itertools.islice(clauses, _MOST_CLAUSES)]
