"""What a player needs around it, without a voice and without a sound card."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from tts_daemon.clock import Clock, SystemClock
from tts_daemon.domain import AudioChunk, Clause, ClauseSound, Event, Style
from tts_daemon.errors import AudioUnavailableError, InvalidRequestError, TtsError
from tts_daemon.ports import Snapshot, SoFar

RATE = 16000
PATIENCE_S = 30.0


class FakePresets:
    """Presets `neutral`, `happy` (faster) and `quiet` (volume 50)."""

    def __init__(self, *more: str) -> None:
        self._fields: dict[str, dict[str, float]] = {
            "neutral": {},
            "happy": {"speed": 1.2},
            "quiet": {"volume": 50.0},
            **{name: {} for name in more},
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._fields)

    def style(self, name: str, overrides: Mapping[str, str | float] | None = None) -> Style:
        if name not in self._fields:
            raise InvalidRequestError(f"preset: no preset is called {name!r}")
        return Style(**{**self._fields[name], **(overrides or {})})  # type: ignore[arg-type]


class OneVoice:
    """What a synthesizer says that knows of no other machine and makes nothing for others."""

    def expects(self, voice: str) -> str:
        return ""

    def make(self, clause: Clause) -> ClauseSound:
        raise NotImplementedError


class FakeSynthesizer(OneVoice):
    """Makes a constant of 0.5 for every text, chunk by chunk.

    Args:
        chunks_s: Lengths of the chunks.
        factor: Real-time factor, spent on `clock`.
        clock: Where synthesis takes its time.
        error: Raised after the chunks.

    Attributes:
        gate: None, or a semaphore that every chunk takes one permit of.
        texts, styles: What was asked for, in order.
        warnings: What it has to say of every text.
        closed: How many streams were ended before their end.
        most_at_once: How many were open at one time.
        recalled: Whether the chunks come from a phrase cache, at no cost.
    """

    def __init__(
        self,
        chunks_s: tuple[float, ...] = (0.1,),
        *,
        factor: float = 0.0,
        clock: Clock | None = None,
        error: Exception | None = None,
    ) -> None:
        self.chunks_s = chunks_s
        self.factor = factor
        self.clock = clock or SystemClock()
        self.error = error
        self.gate: threading.Semaphore | None = None
        self.texts: list[str] = []
        self.styles: list[Style] = []
        self.warnings: tuple[str, ...] = ()
        self.closed = 0
        self.volume = 100.0
        self.most_at_once = 0
        self.recalled = False
        self._now = 0

    def read(
        self, text: str, style: Style, warn: Callable[[str], None] = print
    ) -> Iterator[Clause]:
        for warning in self.warnings:
            warn(warning)
        return iter(())

    def stream(
        self,
        text: str,
        style: Style,
        *,
        keep: bool = False,
        warn: Callable[[str], None] = print,
        so_far: SoFar | None = None,
    ) -> Iterator[AudioChunk]:
        self.texts.append(text)
        self.styles.append(style)
        for warning in self.warnings:
            warn(warning)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            for length_s in self.chunks_s:
                if self.gate is not None:
                    assert self.gate.acquire(timeout=PATIENCE_S)
                self.clock.sleep_s(0.0 if self.recalled else self.factor * length_s)
                samples = np.full(round(length_s * RATE), 0.5, dtype=np.float32)
                yield AudioChunk(samples, RATE, 0, self.volume, self.recalled)
        except GeneratorExit:
            self.closed += 1
            raise
        finally:
            self._now -= 1
        if self.error is not None:
            raise self.error


class SilentSink:
    """Takes everything at once and counts; raises `error` from `open` while it is set."""

    def __init__(self) -> None:
        self.while_waiting: Callable[[], None] = lambda: None
        self.error: TtsError | None = None
        self.written = 0
        self.ahead = 0.0
        self.stops = 0
        self.opened = 0
        self.paused = False
        self.gain = 1.0
        self.is_closed = False

    def open(self, *, wait: bool = True) -> None:
        if self.error is not None:
            raise self.error
        self.opened += 1

    def write(self, pcm: NDArray[np.int16], sample_rate: int) -> None:
        self.written += len(pcm)

    def drain(self) -> None:
        pass

    def stop_now(self) -> None:
        self.stops += 1

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def set_gain(self, gain: float) -> None:
        self.gain = gain

    def ahead_s(self) -> float:
        return self.ahead

    def counters(self) -> dict[str, int]:
        return {"underruns": 0}

    def close(self, timeout_s: float = 2.0) -> None:
        self.is_closed = True


class FakePart:
    """See `_performance.Part`."""

    def __init__(self, begin_s: float) -> None:
        self.begin_s = begin_s
        self.wanted = True
        self.starts = 0

    def is_wanted(self) -> bool:
        return self.wanted

    def started(self) -> None:
        self.starts += 1

    def goes_on(self) -> None:
        pass


UNPLUGGED = AudioUnavailableError("unplugged")


class Diary:
    """Listens to a player, and waits for what a test expects."""

    def __init__(self) -> None:
        self._items: list[Event | Snapshot] = []
        self._changed = threading.Condition()

    def __call__(self, item: Event | Snapshot) -> None:
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    @property
    def events(self) -> list[Event]:
        with self._changed:
            return [item for item in self._items if isinstance(item, Event)]

    @property
    def states(self) -> list[str]:
        """States without repetitions."""
        with self._changed:
            states = [item.state.value for item in self._items if isinstance(item, Snapshot)]
        return [state for index, state in enumerate(states) if state != (["", *states])[index]]

    def of(self, utterance: str) -> list[str]:
        """Types of the events of one utterance, in order."""
        return [event.event_type.value for event in self.events if event.id == utterance]

    def last(self, utterance: str) -> Event:
        return [event for event in self.events if event.id == utterance][-1]

    def wait_for(self, ready: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(ready, timeout=PATIENCE_S), self.events
