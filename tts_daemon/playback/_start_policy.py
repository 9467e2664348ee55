"""When to let an utterance be heard: as soon as the buffer cannot run dry at the measured speed.

The chunks still to come are foreseen: they grow as `ChunkPlan` says, each clause begins with a
short one, and its last one comes late, because silence is held back until it is known whether it
is the end. Each takes as long as the machine's pace says. What is held has to bridge all of that.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tts_daemon.domain import Clause
from tts_daemon.vocoder.chunking import ChunkPlan

_MARGIN = 1.02
"""What the measured speed may get worse by without the buffer running dry."""

_FAST = 0.4
"""Below this real-time factor every chunk is in time, whatever the text."""

_FRAME_S = 0.0125
_USUAL = ((2, 1.1), (12, 3.3))
"""Syllables and seconds of two clauses, believed until clauses were measured; rather too long."""

_MEASURED = 4
"""What a measured one counts for beside them."""

_TAIL_S = 0.3
"""Silence that is held back at the end of a clause, before it was measured."""

_LENGTHS = (0.9, 1.0, 1.12)
"""What a clause may be shorter or longer than the line says: its last chunk comes when it comes."""

_LONGEST = 1.2
"""How much longer than planned a chunk may be, for silence that was held back before it."""

_RECENT = 3
_ENOUGH_S = 0.8


_EARLY = 0.6
"""How much of the silence at a pause has to be bridged by what is held, wherever the pause is."""

_PAUSE_S = 0.25
"""Length of a pause inside a clause."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known of a clause before it is spoken: its syllables, and the pauses inside it."""

    syllables: int
    pauses: int = 0


_UNKNOWN = Outline(12)
_INNER_PAUSE = re.compile(r"[，、；：,;:](?=.)")


def outline_of(clause: Clause) -> Outline:
    """What a clause that was read tells of the time it will take."""
    return Outline(len(clause.pinyin), len(_INNER_PAUSE.findall(clause.text)))


@dataclass(slots=True)
class Pace:
    """What earlier utterances taught about one voice on this machine.

    Attributes:
        factors: Real-time factors of the newest utterances, without their first chunks.
        starts_s: What a clause costs before its first chunk, in seconds.
        tails_s: Silence that was held back at the end of a clause, in seconds.
        longest_s: Longest chunks of the newest utterances, in seconds.
        clauses: Syllables of the newest clauses, and their lengths at speed 1 without the pauses
            inside, in seconds.
    """

    factors: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))
    starts_s: deque[float] = field(default_factory=lambda: deque(maxlen=2 * _RECENT))
    tails_s: deque[float] = field(default_factory=lambda: deque(maxlen=2 * _RECENT))
    longest_s: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))
    clauses: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=16))

    @property
    def is_fast(self) -> bool:
        """Whether every chunk will be in time, whatever the text."""
        return bool(self.factors) and max(self.factors) <= _FAST

    def length_s(self, outline: Outline) -> float:
        """How long a clause will be at speed 1: a straight line through those that were."""
        known = [*_USUAL, *(_MEASURED * tuple(self.clauses))]
        # Not numpy's polyfit: for these few numbers its library takes 32 MB, and keeps them.
        slope, first = statistics.linear_regression(*zip(*known, strict=True))
        return max(0.1, first + slope * outline.syllables) + outline.pauses * _PAUSE_S


@dataclass(frozen=True, slots=True)
class Arrival:
    """One chunk that was made: how long it is, what it took, and of which clause."""

    audio_s: float
    took_s: float
    clause: int


class StartPolicy:
    """Decides for one utterance, chunk by chunk.

    Args:
        pace: What earlier utterances taught; learns from this one.
        outlines: Of each clause, as far as they are known.
        speed: Factor on the speaking rate.
        most_s: Start anyway with so much held.
    """

    def __init__(
        self, pace: Pace, outlines: Sequence[Outline], most_s: float, speed: float = 1.0
    ) -> None:
        self._pace = pace
        self._outlines = outlines or [_UNKNOWN]
        self._lengths_s = [pace.length_s(outline) / speed for outline in self._outlines]
        self._speed = speed
        self._most_s = most_s
        self._arrivals: list[Arrival] = []
        self._recalled = False
        self.took_s = 0.0
        self.audio_s = 0.0

    def arrived(
        self, audio_s: float, took_s: float, clause: int = 0, *, recalled: bool = False
    ) -> None:
        """A chunk of `audio_s` seconds has been made in `took_s` seconds, or was `recalled`."""
        self.took_s += took_s
        self.audio_s += audio_s
        self._recalled |= recalled
        self._arrivals.append(Arrival(audio_s, took_s, clause))

    def start_in_s(self) -> float | None:
        """How long to wait yet with what was made so far; None: until the next chunk at least."""
        factor = self._factor()
        if self.audio_s >= self._most_s or factor <= _FAST:
            return 0.0
        if self._recalled and self._arrivals[-1].took_s == 0:
            return 0.0
        lacks_s = [self._lack_s(factor * _MARGIN, scale) for scale in _LENGTHS]
        next_s = next((took_s for _, took_s in self._coming(factor, 1.0)), 0.0)
        # What would have to wait beyond the next chunk may learn from it how long.
        return max(lacks_s) if max(lacks_s) <= next_s else None

    def _lack_s(self, factor: float, scale: float) -> float:
        """How much later than now it would have to start to bridge all that comes."""
        held_s, late_s, lack_s = self.audio_s, 0.0, 0.0
        # Silence is held back at a pause inside a clause as well, wherever that will be.
        pause_s = (
            _EARLY * factor * self._tail_s() if any(item.pauses for item in self._outlines) else 0.0
        )
        for audio_s, took_s in self._coming(factor, scale):
            late_s += took_s
            lack_s = max(lack_s, late_s + pause_s * bool(took_s) - held_s)
            held_s += audio_s
        return lack_s

    def learn(self) -> None:
        """The utterance is complete."""
        if not self.audio_s or self._recalled:
            return  # how fast it came says nothing about the next one
        for clause, outline in enumerate(self._outlines):
            length_s = sum(item.audio_s for item in self._arrivals if item.clause == clause)
            if outline is not _UNKNOWN:
                spoken_s = length_s * self._speed - outline.pauses * _PAUSE_S
                self._pace.clauses.append((outline.syllables, spoken_s))
        factor = self._own_factor(least_s=0.0)
        if factor is None:
            return
        self._pace.factors.append(factor)
        for before, now in zip(self._arrivals, self._arrivals[1:], strict=False):
            late_s = now.took_s - factor * now.audio_s
            if now.clause != before.clause:
                self._pace.starts_s.append(max(0.0, late_s))
        self._pace.longest_s.append(max(item.audio_s for item in self._arrivals))
        tails_s = [now.took_s / factor - now.audio_s for now in self._arrivals[1:] if factor]
        self._pace.tails_s.append(min(_TAIL_S, max([0.0, *tails_s])))

    # -- what is to be reckoned with ------------------------------------------------------------

    def _factor(self) -> float:
        """Real-time factor to reckon with: the worst of now and of late."""
        own = self._own_factor(least_s=_ENOUGH_S)
        known = [*self._pace.factors, *([own] if own is not None else [])]
        if not known:
            # The first chunk also pays for reading the text: rather too slow than too fast.
            known.append(self.took_s / self.audio_s if self.audio_s else 0.0)
        return max(known)

    def _own_factor(self, least_s: float) -> float | None:
        """Of the chunks after the first, once they are as long as `least_s` altogether."""
        if self._recalled:
            return None
        later = self._arrivals[1:]
        audio_s = sum(item.audio_s for item in later)
        return sum(item.took_s for item in later) / audio_s if audio_s > least_s else None

    def _coming(self, factor: float, scale: float) -> Iterator[tuple[float, float]]:
        """The chunks that are still to be made: length, and time that it takes, in seconds."""
        now = self._arrivals[-1].clause if self._arrivals else 0
        start_s = max(self._pace.starts_s, default=0.0)
        for clause in range(now, max(len(self._outlines), now + 1)):
            made = [item.audio_s for item in self._arrivals if item.clause == clause]
            left_s = scale * self._length_s(clause) - sum(made)
            sizes_s = self._sizes_s(len(made), is_first=clause == 0)
            for number, (audio_s, costs_s) in enumerate(_clause(left_s, sizes_s, self._tail_s())):
                yield audio_s, factor * costs_s + (start_s if clause > now and not number else 0.0)

    def _length_s(self, clause: int) -> float:
        return self._lengths_s[min(clause, len(self._lengths_s) - 1)]

    def _tail_s(self) -> float:
        return max(self._pace.tails_s, default=_TAIL_S)

    def _sizes_s(self, done: int, *, is_first: bool) -> Iterator[float]:
        """Lengths of a clause's chunks after `done` of them, without end."""
        plan = ChunkPlan() if is_first else ChunkPlan().later()
        longest_s = max([*self._pace.longest_s, *(item.audio_s for item in self._arrivals)])
        # A synthesizer with longer chunks than the plan's makes them at any place.
        least_s = longest_s if longest_s > _LONGEST * plan.largest_frames * _FRAME_S else 0.0
        for frames in itertools.islice(plan.sizes(), done, None):
            yield max(least_s, frames * _FRAME_S)


def _clause(
    left_s: float, sizes_s: Iterator[float], tail_s: float
) -> Iterator[tuple[float, float]]:
    """The chunks of a clause: length, and how much is made for it; the last but one makes both."""
    left_s = max(0.0, left_s - tail_s)
    for size_s in sizes_s:
        audio_s = min(left_s, size_s)
        left_s -= audio_s
        if left_s <= 0:
            yield audio_s, audio_s + tail_s
            yield tail_s, 0.0
            return
        yield audio_s, audio_s
