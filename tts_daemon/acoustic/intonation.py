"""What a sentence does, as a melody: semitones and effort that are added to the voice's own.

Source: Liu and Xu 2005, "Parallel encoding of focus and interrogative meaning in Mandarin
intonation" (what a question adds grows exponentially towards its end); Yuan 2006, "Mechanisms of
question intonation in Mandarin" (a higher phrase curve and a stronger last tone: a falling one
falls less, a rising one rises more; a neutral one stays higher). Directions and shapes are theirs;
the semitones are ours, measured on the embedded voice. Questions that a word marks (谁, 去不去)
keep the melody of statements, with which they are understood. For exclamations no figures were
found: the last word is stressed, as any word is, by effort and range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_daemon.domain import Clause, QuestionKind, SentenceKind, Symbol
from tts_daemon.runtime.engine import Floats

_GROWTH = 3.0
"""Of the exponential: half of the lift comes in the last quarter of the sentence."""


@dataclass(frozen=True, slots=True)
class Intonation:
    """What is added to the voice's own melody.

    Attributes:
        semitones: At the begin and at the end of each symbol [L, 2].
        energy: Vocal effort of each symbol in standard deviations [L].
    """

    semitones: Floats
    energy: Floats


@dataclass(frozen=True, slots=True)
class _Rise:
    """A question: semitones at its begin, before its last syllable, and in that by tone."""

    first: float
    before_last: float
    last: dict[str, tuple[float, float]]
    """Begin and end of the last syllable; `""` for tones that are not named."""


_RISES = {
    QuestionKind.UNMARKED: _Rise(
        0.5, 2.5, {"tone2": (2.0, 6.0), "tone3": (1.5, 7.0), "tone4": (2.0, 7.0), "": (2.5, 5.5)}
    ),
    QuestionKind.PARTICLE: _Rise(0.3, 1.2, {"": (1.5, 4.5)}),
}
_STRESS_SEMITONES = (2.0, 0.5)
_STRESS_ENERGY = 0.5
"""Of the last word of an exclamation."""


def intonation(clause: Clause) -> Intonation | None:
    """The melody of a clause's kind; None where it has no other than the voice's own."""
    words = [place for place, symbol in enumerate(clause.symbols) if symbol.sy[:1] != "#"]
    if not words:
        return None
    if clause.kind is SentenceKind.EXCLAMATION:
        return _stressed(clause.symbols, words[-1])
    rise = _RISES.get(clause.question) if clause.question else None
    return _raised(clause.symbols, words[-1], rise) if rise else None


def _raised(symbols: Sequence[Symbol], end: int, rise: _Rise) -> Intonation:
    """`end`: the last symbol that is no break."""
    begin = _back_to(symbols, end, "syllable_flag", ("s_begin", "s_both"))
    last = rise.last.get(symbols[end].tone, rise.last[""])
    # A lone syllable has no sentence before it to rise over.
    share = np.arange(begin + 1) / max(1, begin)
    growth = np.expm1(_GROWTH * share) / np.expm1(_GROWTH)
    lift = rise.first + (rise.before_last - rise.first) * growth
    semitones = np.zeros((len(symbols), 2), np.float32)
    semitones[:begin, 0], semitones[:begin, 1] = lift[:-1], lift[1:]
    steps = np.linspace(*last, end - begin + 2)
    semitones[begin : end + 1, 0], semitones[begin : end + 1, 1] = steps[:-1], steps[1:]
    semitones[end + 1 :] = last[1]
    return Intonation(semitones, np.zeros(len(symbols), np.float32))


def _stressed(symbols: Sequence[Symbol], end: int) -> Intonation:
    begin = _back_to(symbols, end, "word_segment", ("word_begin", "word_both"))
    semitones = np.zeros((len(symbols), 2), np.float32)
    steps = np.linspace(*_STRESS_SEMITONES, end - begin + 2)
    semitones[begin : end + 1, 0], semitones[begin : end + 1, 1] = steps[:-1], steps[1:]
    semitones[end + 1 :] = _STRESS_SEMITONES[1]
    energy = np.zeros(len(symbols), np.float32)
    energy[begin : end + 1] = _STRESS_ENERGY
    return Intonation(semitones, energy)


def _back_to(symbols: Sequence[Symbol], end: int, field: str, flags: Sequence[str]) -> int:
    """The last place up to `end` where one of the flags stands; 0 where none does."""
    for place in range(end, -1, -1):
        if getattr(symbols[place], field) in flags:
            return place
    return 0


def frame_semitones(semitones: Floats, counts: NDArray[np.int64]) -> Floats:
    """Straight lines from each symbol's begin to its end, [L, 2] and frames of each -> [T]."""
    lines = [
        np.linspace(begin, end, count, endpoint=False, dtype=np.float32)
        for (begin, end), count in zip(semitones, counts, strict=True)
    ]
    return np.concatenate(lines) if lines else np.zeros(0, np.float32)
