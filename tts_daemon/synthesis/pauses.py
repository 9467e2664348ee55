"""Pauses inside a clause, as long as they have to be: measured and widened in the waveform.

The acoustic model leaves some of a pause in the syllable before it and sometimes makes none at all,
so its durations do not tell how long the silence will be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.edges import QUIET

_HOP_S = 0.005
_SHORTEST_S = 0.02
"""A quiet stretch below this is no pause, but the trough between two periods or a closure."""
_BEFORE_S, _AFTER_S = 0.15, 0.06
"""How far the silence of a pause may reach into the symbols beside it."""
_FADE_OUT_S, _FADE_IN_S = 0.05, 0.015
"""Where there is no silence, the voice goes and comes in this time."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A pause that has a floor, in samples from the begin of the clause.

    Attributes:
        first: Nothing before this sample belongs to the pause.
        begin, end: Of the pause's symbol.
        until: Nothing from this sample on belongs to the pause.
        floor: Samples of silence that there must be.
    """

    first: int
    begin: int
    end: int
    until: int
    floor: int


def gaps(counts: NDArray[np.int64], floors_s: Floats, hop_length: int, rate: int) -> list[Gap]:
    """Where a clause has pauses with floors.

    Args:
        counts: Frames of each symbol [L].
        floors_s: Least silence at each symbol in seconds, 0 for none [L].
        hop_length: Samples per frame.
        rate: Samples per second.
    """
    edges = [0, *(int(edge) * hop_length for edge in np.cumsum(counts))]
    found: list[Gap] = []
    for place in map(int, np.flatnonzero(floors_s)):
        begin, end = edges[place], edges[place + 1]
        # Never further than to the middle of the syllable's final, or of the next initial.
        first = max(begin - int(_BEFORE_S * rate), (edges[max(0, place - 1)] + begin) // 2)
        until = min(end + int(_AFTER_S * rate), (edges[min(len(edges) - 1, place + 2)] + end) // 2)
        if found:
            first = max(first, found[-1].until)
        floor = round(float(floors_s[place]) * rate)
        found.append(Gap(first, max(begin, first), max(end, first), max(until, first), floor))
    return found


def widen(pieces: Iterator[Floats], wanted: Sequence[Gap], rate: int) -> Iterator[Floats]:
    """Lengthen the silence of each gap to its floor.

    Args:
        pieces: A clause's waveform, float32 [n] each.
        wanted: In order, none overlapping another.
        rate: Samples per second.

    Yields:
        Pieces that, joined, do not depend on how the waveform was cut. Only what may belong to a
        gap is held back until the gap is complete.
    """
    waiting = list(wanted)
    held, position = np.zeros(0, np.float32), 0  # `held` begins at sample `position`
    for piece in pieces:
        held = np.concatenate([held, piece])
        while waiting and position + len(held) >= waiting[0].until:
            gap = waiting.pop(0)
            yield from _opened(held, gap, position, rate)
            held, position = held[gap.until - position :], gap.until
        free = max(0, waiting[0].first - position) if waiting else len(held)
        if free and len(held):
            yield held[:free]
        position += min(free, len(held))
        held = held[free:]
    if len(held):
        yield held


def _opened(held: Floats, gap: Gap, position: int, rate: int) -> Iterator[Floats]:
    """What is held up to the end of a gap, with silence where it is missing."""
    head = held[: max(0, gap.first - position)]
    samples = held[len(head) : gap.until - position]
    if len(head):
        yield head
    begin, end = _longest_quiet(samples, int(_HOP_S * rate))
    missing = gap.floor - (end - begin)
    if missing <= 0:
        yield samples
        return
    middle = (begin + end) // 2
    if end - begin < _SHORTEST_S * rate:
        middle = _quietest(samples, gap.begin - gap.first, gap.end - gap.first, int(_HOP_S * rate))
        missing = gap.floor
        samples = _faded(samples, middle, rate)
    for part in (samples[:middle], np.zeros(missing, np.float32), samples[middle:]):
        if len(part):
            yield part


def _longest_quiet(samples: Floats, hop: int) -> tuple[int, int]:
    """The longest stretch of quiet hops: its first sample and the one after its last."""
    quiet = _peaks(samples, hop) <= QUIET
    changes = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    stretches = changes.reshape(-1, 2)
    if not len(stretches):
        return 0, 0
    begin, end = stretches[np.argmax(stretches[:, 1] - stretches[:, 0])]
    return int(begin) * hop, int(end) * hop


def _quietest(samples: Floats, begin: int, end: int, hop: int) -> int:
    """The middle of the quietest hop between two places; the first place where there is none."""
    peaks = _peaks(samples[begin:end], hop)
    return begin + (int(np.argmin(peaks)) * hop + hop // 2 if len(peaks) else 0)


def _peaks(samples: Floats, hop: int) -> Floats:
    """Largest amplitude of each whole hop."""
    count = len(samples) // hop
    peaks: Floats = np.abs(samples[: count * hop]).reshape(count, hop).max(axis=1, initial=0)
    return peaks


def _faded(samples: Floats, middle: int, rate: int) -> Floats:
    """Out before `middle` and in behind it, with the slopes of a raised cosine."""
    before = min(middle, int(_FADE_OUT_S * rate))
    after = min(len(samples) - middle, int(_FADE_IN_S * rate))
    samples = samples.copy()
    samples[middle - before : middle] *= _slope(before)[::-1]
    samples[middle : middle + after] *= _slope(after)
    return samples


def _slope(length: int) -> Floats:
    angles = (np.arange(length, dtype=np.float32) + np.float32(0.5)) * np.float32(np.pi)
    slope: Floats = np.float32(0.5) - np.float32(0.5) * np.cos(angles / np.float32(max(1, length)))
    return slope
