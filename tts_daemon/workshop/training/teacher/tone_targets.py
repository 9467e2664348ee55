"""Gives the teacher's last syllables their tones back, and questions their tune, by moving f0.

Kokoro flattens and lowers what stands before the end of an utterance. Only voiced frames move.
Sources: Chao 1948 (55, 35, 214, 51); Shih 1997 and Lai et al. 2014 (final lowering); Liu and Xu
2005 (a question rises above its statement exponentially); Yuan 2006 and Shi and Li 2025 (final
tones in questions); Xu 2006 (the neutral tone in them); Xu and Sun 2002 (how fast pitch can move).
Directions are theirs, the values in semitones ours (docs/decisions/0004). Letters: T frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tts_daemon.domain import QuestionKind

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]
Shape = tuple[float, float, float, float, float]

KNOTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Where a shape has its values: shares of the voiced stretch of the rime."""


class Place(StrEnum):
    """Where in an utterance a syllable gets a shape of its own."""

    LONE = "lone"
    FIRST = "first"  # of two
    FINAL = "final"
    QUESTION = "question"  # the final one


SHAPES: dict[Place, dict[int, Shape]] = {
    Place.FIRST: {
        1: (3.5, 4.0, 4.0, 3.8, 3.4), 2: (-1.5, -1.5, 0.5, 2.5, 4.0),
        3: (-1.5, -4.5, -6.5, -7.0, -6.0), 4: (5.0, 4.6, 2.0, -1.0, -3.0),
    },
    Place.LONE: {
        1: (3.6, 4.2, 4.3, 4.1, 3.7), 2: (-1.5, -2.2, -0.3, 2.6, 4.8),
        3: (-2.5, -5.5, -7.5, -6.5, -2.0), 4: (5.0, 5.0, 1.5, -3.5, -7.5),
    },
    Place.FINAL: {
        1: (1.5, 1.8, 1.6, 1.3, 0.8), 2: (-3.0, -3.6, -2.4, -0.2, 1.6),
        3: (-3.5, -6.5, -8.0, -7.0, -4.5), 4: (3.5, 2.8, -0.8, -5.0, -8.0),
    },
    Place.QUESTION: {
        1: (3.0, 3.8, 4.3, 4.8, 5.5), 2: (-1.0, -1.2, 0.8, 4.0, 7.0),
        3: (-2.0, -5.0, -5.5, -2.0, 3.0), 4: (5.5, 5.5, 3.5, 1.0, -1.0),
        5: (2.5, 2.8, 2.4, 1.6, 0.6),
    },
}  # fmt: skip
"""Semitones from the speaker's mean; a tone without a shape keeps the teacher's."""

LIFT = {
    QuestionKind.UNMARKED: (0.5, 2.5),
    QuestionKind.PARTICLE: (0.3, 1.2),
    QuestionKind.WH_WORD: (0.5, 0.8),
    QuestionKind.CHOICE: (0.5, 0.8),
}
"""Semitones added at the start and before the last syllable of a question."""
LIFT_GROWTH = 3.0

EARLY_FRAMES = 6
"""The teacher's f0 runs this much ahead of its durations."""
RAMP_FRAMES = 5
CORE_SHARE = 0.75
"""Frames below this share of the local f0 are on their way to silence: they keep their ratio."""
LOCAL_FRAMES = 12
MOST_SEMITONES = 70.0 * 0.0125
"""Per frame; people manage about 70 a second."""
UNVOICED_HZ = 10.0
UNSTEADY_HZ = 75.0
LEAST_CORE_FRAMES = 6
AUDIBLE_ENERGY = 4.0
"""The teacher's f0 goes on for 50 to 100 ms behind this, unheard: shapes end before that."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A syllable: `start` and `rime` in frames of the teacher's, and its tone (0: none)."""

    start: int
    rime: int
    tone: int


def with_tones(
    f0_hz: Doubles,
    energy: Doubles,
    syllables: Sequence[Spoken],
    question: QuestionKind | None,
    mean_hz: float,
) -> Doubles:
    """The f0 that the teacher is to follow.

    Args:
        f0_hz, energy: As it predicted them [T].
        syllables: All of the utterance; not empty.
        question: What kind of question it is, if it is one.
        mean_hz: Mean f0 of the speaker, from which the shapes count.

    Returns:
        Hz [T].
    """
    voiced, core = f0_hz > UNVOICED_HZ, _core(f0_hz)
    tune = np.zeros(len(f0_hz))  # semitones from the mean
    tune[voiced] = 12.0 * np.log2(f0_hz[voiced] / mean_hz)
    moved = tune.copy()
    lone, last = len(syllables) == 1, syllables[-1]
    begin = max(0, last.start - EARLY_FRAMES)
    if question and not lone:
        moved += _lift(len(moved), max(0, syllables[0].start - EARLY_FRAMES), begin, question)
    heard = core & (energy[: len(f0_hz)] > AUDIBLE_ENERGY)
    if len(syllables) == 2 and (shape := SHAPES[Place.FIRST].get(syllables[0].tone)):
        ahead = heard & (np.arange(len(moved)) < begin)
        _draw(moved, ahead, syllables[0].rime, 0, shape, ramp=False)
    if shape := _last_shape(last.tone, question, lone=lone):
        _draw(moved, heard, last.rime, begin, shape, ramp=not lone)
    change = _to_edges(_smooth(moved, core) - tune, core)
    result: Doubles = np.where(voiced, f0_hz * 2.0 ** (change / 12.0), f0_hz)
    return result


def _last_shape(tone: int, question: QuestionKind | None, *, lone: bool) -> Shape | None:
    plain = SHAPES[Place.LONE if lone else Place.FINAL].get(tone)
    asking = SHAPES[Place.QUESTION].get(tone)
    if question in (QuestionKind.UNMARKED, QuestionKind.PARTICLE):
        return asking
    if question is None or plain is None or asking is None:
        return plain
    # Where a word asks the melody needs to do half of it.
    first, second, third, fourth, fifth = ((p + a) / 2 for p, a in zip(plain, asking, strict=True))
    return (first, second, third, fourth, fifth)


def _lift(frames: int, first: int, begin: int, question: QuestionKind) -> Doubles:
    low, high = LIFT[question]
    x = np.clip((np.arange(frames) - first) / max(1, begin - first), 0.0, 1.0)
    lift: Doubles = low + (high - low) * np.expm1(LIFT_GROWTH * x) / np.expm1(LIFT_GROWTH)
    return lift


def _core(f0_hz: Doubles) -> Mask:
    """Frames where the voice is steady, [T]."""
    wide = np.pad(f0_hz, LOCAL_FRAMES, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(wide, 2 * LOCAL_FRAMES + 1)
    local = np.array([_upper(window) for window in windows])
    steady: Mask = (f0_hz > UNVOICED_HZ) & (f0_hz > CORE_SHARE * local)
    return steady


def _upper(window: Doubles) -> float:
    voiced = window[window > UNSTEADY_HZ]
    return float(np.median(voiced)) if len(voiced) else np.inf


def _draw(moved: Doubles, heard: Mask, rime: int, begin: int, shape: Shape, *, ramp: bool) -> None:
    """Draw a shape over the audible stretch of a rime, in place; `ramp` leads to it smoothly."""
    stretch = np.flatnonzero(heard)
    stretch = stretch[stretch >= max(begin, rime - EARLY_FRAMES)]
    if len(stretch) < LEAST_CORE_FRAMES:
        return
    start, end = int(stretch[0]), int(stretch[-1])
    before = min(begin, start - RAMP_FRAMES) if ramp else 0
    before = max(0, before)
    frames = np.arange(before, len(moved))
    wanted = np.interp((frames - start) / max(1, end - start), KNOTS, shape)
    weight = np.ones(len(frames))
    if ramp:
        x = np.clip((frames - before) / max(1, start - before), 0.0, 1.0)
        weight = x * x * (3.0 - 2.0 * x)
    moved[before:] = (1.0 - weight) * moved[before:] + weight * wanted


def _smooth(moved: Doubles, core: Mask) -> Doubles:
    """Within each voiced stretch no step that is too fast, then a short window."""
    smooth = moved.copy()
    window = np.hanning(7)[1:-1] / np.hanning(7).sum()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], core.astype(int), [0]])))
    for begin, end in edges.reshape(-1, 2):
        for frame in range(begin + 1, end):
            step = smooth[frame] - smooth[frame - 1]
            smooth[frame] = smooth[frame - 1] + np.clip(step, -MOST_SEMITONES, MOST_SEMITONES)
        smooth[begin:end] = np.convolve(np.pad(smooth[begin:end], 2, mode="edge"), window, "valid")
    return smooth


def _to_edges(change: Doubles, core: Mask) -> Doubles:
    """Frames that are not steady move as the nearest steady one does."""
    places = np.flatnonzero(core)
    if not len(places):
        return change
    nearest = places[np.abs(places[None] - np.arange(len(change))[:, None]).argmin(1)]
    return np.where(core, change, change[nearest])
