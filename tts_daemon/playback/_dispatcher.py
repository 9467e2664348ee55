"""Where requests come in and utterances go out to the worker: queue, journal and events in step.

Everything that may happen to an utterance happens here, under one lock, so that it is spoken once,
ends in exactly one final event, and events have the order of what happened.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tts_daemon.clock import Clock
from tts_daemon.domain import Event, EventType, PlayerState, SpeakRequest
from tts_daemon.errors import NotReadyError, QueueFullError, TtsError
from tts_daemon.playback import _event_log as event_log
from tts_daemon.playback import _poison as poison
from tts_daemon.playback._board import Board
from tts_daemon.playback._endings import Endings
from tts_daemon.playback._events import duplicate_of, event_of
from tts_daemon.playback._outage import Outage
from tts_daemon.playback._queue import SpeechQueue, Utterance, Verdict, deadline_s
from tts_daemon.playback._recovery import ending_of
from tts_daemon.playback._turns import Turns
from tts_daemon.playback._writing import Writing
from tts_daemon.playback.journal import Journal, Remembered
from tts_daemon.ports import Sink

log = logging.getLogger(__name__)

_JOURNAL = "journal"


class Dispatcher:
    """Owns what waits, the one utterance that is being spoken, pause and retry. For any thread.

    Args:
        journal, endings: Keep what was accepted, and final events.
        sink: Is silenced when the utterance being spoken ends early.
        board: Is shown every change of state, and every event.
        turns: Are kept for the loudspeaker while something waits for it.
        clock: Ages requests.
    """

    def __init__(
        self,
        journal: Journal,
        sink: Sink,
        board: Board,
        turns: Turns,
        endings: Endings,
        clock: Clock,
    ) -> None:
        self._queue = SpeechQueue()
        self._journal = journal
        self._sink = sink
        self._board = board
        self._turns = turns
        self._endings = endings
        self._clock = clock
        self._changed = threading.Condition(threading.RLock())
        # Taken before _changed, while a request is written down: neither the worker nor a stop
        # waits for the disk, and nobody holds this while it is written through.
        self._accepting = threading.Lock()
        # How often, and why last, everything that waited was dropped.
        self._emptied = 0
        self._emptied_why = ""
        self._running = self._paused = False
        self._current: Utterance | None = None
        self._last: Utterance | None = None
        self._outage = Outage()
        self._changes = 0
        self._last_finished: Event | None = None
        self._counters: Counter[str] = Counter()
        self._last_error = ""
        self._poison: tuple[str, ...] = ()
        self._troubles: dict[str, str] = {}

    @property
    def running(self) -> bool:
        """Whether requests are accepted."""
        return self._running

    # -- life -----------------------------------------------------------------------------------

    def open(self, interrupted: str) -> None:
        """Take in what an earlier process left, then accept requests; `interrupted`: a setting."""
        remembered = self._journal.open()
        self._poison = poison.recalled(self._journal)
        self._take_in(remembered, interrupted)
        with self._change():
            self._running = True
        threading.Thread(
            target=self._keep_journal, args=(interrupted,), name="journal", daemon=True
        ).start()

    def _keep_journal(self, interrupted: str) -> None:
        for remembered in self._journal.upkeep():
            if remembered is not None:
                self._take_in(remembered, interrupted)
            self._show_journal()

    def _take_in(self, remembered: Remembered, interrupted: str) -> None:
        with self._change():
            self._queue.remember_ids(remembered.ids)
            self._endings.take_in(remembered.endings)
            for utterance in (*remembered.waiting, *remembered.interrupted):
                was_begun = utterance in remembered.interrupted
                ending = ending_of(utterance, was_begun=was_begun, interrupted=interrupted)
                if ending is None:
                    self._queue.put_back(utterance)
                    continue
                if ending[0] == EventType.FAILED:
                    self._poison = poison.added(self._journal, self._poison, utterance)
                self._end(utterance, ending[0], **ending[1])

    def _show_journal(self) -> None:
        """Say how the journal is, and tell the events that were waiting for it."""
        if self._journal.trouble == self._troubles.get(_JOURNAL, ""):
            self._board.deliver()
        else:
            self.set_trouble(_JOURNAL, self._journal.trouble)

    def close(self) -> None:
        """Accept nothing more and hand nothing more out; what the journal keeps stays in it."""
        with self._change():
            self._running = False
            current, self._current = self._current, None
            self._sink.stop_now()
            for utterance in [*([current] if current else []), *self._queue.clear()]:
                if not (self._journal.keeps(utterance.serial) and utterance.is_whole):
                    self._end(utterance, EventType.CANCELLED, reason="the daemon stops")
                elif utterance is current:
                    self._journal.forgive(utterance.serial)

    def close_journal(self) -> None:
        """Write what is left, and tell what was waiting for it; as slow as the disk."""
        self._journal.close()
        self._board.deliver()

    def set_limit(self, limit: int) -> None:
        """How many may wait from now on; none that waits already is dropped."""
        with self._change():
            self._queue.limit = limit

    def set_trouble(self, part: str, problem: str) -> None:
        """Show what is wrong with a part of the daemon; empty: nothing any more."""
        with self._change():
            others = {name: text for name, text in self._troubles.items() if name != part}
            self._troubles = {**others, part: problem} if problem else others

    # -- the doors' side ------------------------------------------------------------------------

    def accept(
        self, request: SpeakRequest, *, lasting: bool = True, writing: Writing | None = None
    ) -> int:
        """Take in a request (see `SpeechService.submit`); `writing`: its text, as it comes."""
        emptied = self._emptied
        with self._accepting:
            with self._change():
                verdict = self._judge(request)
                if verdict.duplicate:
                    self._counters["duplicates"] += 1
                    self._tell(duplicate_of(request))
                    return -1
            serial = self._journal.accept(request)
            position = self._add(Utterance(request, serial, writing=writing), emptied)
        if lasting:
            self.flush()
        else:
            self._show_journal()
        return position

    def flush(self) -> None:
        """Write through to the disk what was accepted so far."""
        self._journal.flush()
        self._show_journal()

    def wrote(self, writing: Writing) -> None:
        """More of a text is there: perhaps it can be spoken now; when it is whole, it is kept."""
        with self._change():
            for utterance in (self._current, *self._queue):
                if utterance and utterance.writing is writing and utterance.complete():
                    self._journal.complete(utterance.serial, utterance.request)

    def count_refusal(self) -> None:
        """A door has refused a message."""
        with self._change():
            self._counters["refused"] += 1

    def stop(self) -> None:
        """Silence; nothing is left."""
        with self._change():
            self._cancel_current("stopped")
            self._clear("stopped")
            self._set_paused(False)

    def skip(self) -> None:
        """End the utterance that is being spoken."""
        with self._change():
            self._cancel_current("skipped")

    def clear(self) -> None:
        """Drop what waits."""
        with self._change():
            self._clear("cleared")

    def set_paused(self, *, paused: bool) -> None:
        """Be silent and hand nothing out; or go on."""
        with self._change():
            self._set_paused(paused)

    def last_request(self) -> SpeakRequest | None:
        """The newest one that was begun, to be spoken once more; of its text what has come."""
        return self._last.again() if self._last and self._last.text else None

    # -- the worker's side ----------------------------------------------------------------------

    def take(self, timeout_s: float) -> Utterance | None:
        """The next to be spoken; None: none for `timeout_s`, or `probe_due`, or at the end."""
        end_s = self._clock.monotonic_s() + timeout_s
        while True:
            self._end_overdue()
            with self._change():
                # Looked at under the lock: else the end could come between this and the wait.
                if not self._running:
                    return None
                self._expire()
                now_s = self._clock.monotonic_s()
                if not self._paused and self._outage.is_over_by(now_s) and (taken := self._pop()):
                    return taken
                seen = self._changes + 1
            if now_s >= end_s or self.probe_due():
                break
            self._wait_for_change(seen, end_s)
        return None

    def _end_overdue(self) -> None:
        """Texts whose source brings nothing more are whole; told so without the lock."""
        with self._changed:
            late = [
                item.writing for item in self._queue if item.writing and item.writing.is_overdue
            ]
        for writing in late:
            writing.end_late()

    def is_current(self, utterance: Utterance) -> bool:
        """Whether the worker is to go on with it."""
        return self._current is utterance

    def started(self, utterance: Utterance) -> None:
        """Its first sample was handed to the device."""
        with self._change():
            if self._current is utterance and not utterance.started:
                utterance.started = True
                self._tell(event_of(utterance, EventType.STARTED))

    def finished(self, utterance: Utterance, figures: Mapping[str, Any]) -> None:
        """Its last sample was heard. Figures: fields of `Event`."""
        with self._change():
            if self._current is utterance:
                self._current = None
                self._end(utterance, EventType.FINISHED, **figures)

    def cancelled(self, utterance: Utterance, reason: str) -> None:
        """It is not to be spoken after all."""
        with self._change():
            if self._current is utterance:
                self._current = None
                self._end(utterance, EventType.CANCELLED, reason=reason)

    def failed(self, utterance: Utterance, error: TtsError) -> None:
        """It cannot be spoken."""
        with self._change():
            if self._current is utterance:
                self._current = None
                self._last_error = f"{error.code}: {error}"
                self._end(utterance, EventType.FAILED, reason=error.code, message=str(error))

    def audio_lost(self, utterance: Utterance | None, reason: str) -> None:
        """The device is gone: the utterance waits again, and nothing is handed out for a while."""
        with self._change():
            self._last_error = reason
            self._outage.begin(reason, self._clock.monotonic_s())
            if utterance is not None and self._current is utterance:
                self._current = None
                self._wait_again(utterance)

    def audio_back(self) -> None:
        """The device works."""
        with self._change():
            self._outage.end()

    @property
    def is_audio_lost(self) -> bool:
        """Whether the device was gone when last looked for."""
        return self._outage.is_on

    def probe_due(self) -> bool:
        """Whether the worker, having nothing to speak, is to look whether the device is back."""
        is_due = self._outage.is_on and self._outage.is_over_by(self._clock.monotonic_s())
        return is_due and not self._paused

    # -- under the lock -------------------------------------------------------------------------

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Hold the lock, tell the worker and the listeners afterwards."""
        try:
            with self._changed:
                try:
                    yield
                finally:
                    self._changes += 1
                    self._changed.notify_all()
                    self._show()
        finally:
            self._board.deliver()

    def _show(self) -> None:
        finished = self._last_finished
        self._turns.expect(is_due=self._is_due())
        self._board.show(
            state=self._state(),
            speaking_id=self._current.request.id if self._current else "",
            queued=len(self._queue),
            last_error=self._last_error,
            troubles=self._troubles,
            poison=self._poison,
            counters=dict(self._counters),
            last_first_audio_ms=finished.first_audio_ms if finished else None,
            last_real_time_factor=finished.real_time_factor if finished else None,
        )

    def _is_due(self) -> bool:
        """Whether something waits for its first sound, and nothing but synthesis delays it."""
        waits = any(item.is_ready for item in self._queue) or (
            self._current is not None and not self._current.started
        )
        return waits and not self._paused and not self.is_audio_lost

    def _state(self) -> PlayerState:
        if self._outage.is_on:
            return PlayerState.NO_AUDIO
        if self._paused:
            return PlayerState.PAUSED
        return PlayerState.SPEAKING if self._current else PlayerState.IDLE

    def _wait_for_change(self, seen: int, end_s: float) -> None:
        """Wait until something has changed since `seen`, or time alone makes a difference."""
        with self._changed:
            deadlines = [end_s, self._queue.next_deadline_s() or end_s]
            if self._outage.is_on and not self._paused:
                deadlines.append(self._outage.retry_at_s)
            wait_s = max(0.0, min(deadlines) - self._clock.monotonic_s())
            self._changed.wait_for(lambda: self._changes != seen, timeout=wait_s)

    def _judge(self, request: SpeakRequest) -> Verdict:
        if not self._running:
            raise NotReadyError("the daemon is starting or stopping; try again in a moment")
        self._expire()
        return self._queue.judge(request, self._current)

    def _add(self, utterance: Utterance, emptied: int) -> int:
        request = utterance.request
        with self._change():
            utterance.deadline_s = deadline_s(request, self._clock)
            try:
                # Judged again: something may have begun or ended while the journal was written.
                verdict = self._judge(request)
            except (QueueFullError, NotReadyError):
                self._journal.end(utterance.serial)
                raise
            self._counters["accepted"] += 1
            if emptied != self._emptied:
                # It had come before the stop, and was still being written down.
                verdict = Verdict(dropped=self._emptied_why)
            position = self._queue.add(utterance, verdict)
            if verdict.dropped:
                self._end(utterance, EventType.CANCELLED, reason=verdict.dropped)
                return position
            for waiting, reason in verdict.cancelled:
                self._end(waiting, EventType.CANCELLED, reason=reason)
            self._interrupt(verdict)
            self._tell(event_of(utterance, EventType.QUEUED, position=position))
            return position

    def _interrupt(self, verdict: Verdict) -> None:
        if not verdict.interrupts or self._current is None:
            return
        if verdict.postpones:
            utterance, self._current = self._current, None
            self._sink.stop_now()
            self._wait_again(utterance)
        else:
            self._cancel_current(verdict.interrupts)

    def _pop(self) -> Utterance | None:
        utterance = self._queue.pop()
        if utterance is not None:
            self._current = self._last = utterance
            self._journal.begin(utterance.serial)
        return utterance

    def _wait_again(self, utterance: Utterance) -> None:
        self._journal.wait_again(utterance.serial)
        self._queue.put_back(utterance)

    def _cancel_current(self, reason: str) -> None:
        utterance, self._current = self._current, None
        # Silenced even with nothing current: the worker may still hold one that has just ended.
        self._sink.stop_now()
        if utterance is not None:
            self._end(utterance, EventType.CANCELLED, reason=reason)

    def _clear(self, reason: str) -> None:
        self._emptied += 1
        self._emptied_why = reason
        for utterance in self._queue.clear():
            self._end(utterance, EventType.CANCELLED, reason=reason)

    def _set_paused(self, paused: bool) -> None:
        self._paused = paused
        if paused:
            self._sink.pause()
        else:
            self._sink.resume()

    def _expire(self) -> None:
        for utterance in self._queue.take_expired(self._clock.monotonic_s()):
            reason = f"waited longer than its ttl_s of {utterance.request.ttl_s:g}"
            self._end(utterance, EventType.EXPIRED, reason=reason)

    def _end(self, utterance: Utterance, kind: EventType, **fields: Any) -> None:
        self._counters[kind.value] += 1
        if utterance.writing is not None:
            utterance.writing.abandon()
        event = event_of(utterance, kind, **fields)
        if kind == EventType.FINISHED:
            self._last_finished = event
        self._tell(event, self._endings.end(utterance.serial, event))

    def _tell(self, event: Event, ticket: int = 0) -> None:
        self._board.put(event, ticket)
        event_log.write(event)
