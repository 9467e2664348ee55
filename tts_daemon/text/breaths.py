"""Where a speaker breathes in a long phrase without punctuation."""

from __future__ import annotations

from tts_daemon.text.prosody import LOCALISERS
from tts_daemon.text.reading import ProsodicWord

LONGEST = 22
"""Syllables that are said in one breath."""
SHORTEST = 6
"""Syllables on either side of a breath."""
BREATH = 3
"""Its break level, that of a comma."""

_JOINING = (
    "和",
    "与",
    "及",
    "以及",
    "并",
    "并且",
    "或",
    "或者",
    "但",
    "但是",
    "而",
    "而且",
    "然后",
    "还有",
    "同时",
)
_AFTER = LOCALISERS | frozenset("了时")  # fmt: skip


def breathe(group: list[ProsodicWord]) -> None:
    """Put breaths into a phrase that is longer than `LONGEST`, at its best places."""
    lengths = [max(1, len(item.syllables)) for item in group]
    total = sum(lengths)
    if total <= LONGEST:
        return
    best, best_cost = 0, float("inf")
    before = 0
    for place in range(1, len(group)):
        before += lengths[place - 1]
        if min(before, total - before) < SHORTEST or _would_change_tones(group, place):
            continue
        cost = abs(total / 2 - before) / total - _quality(group, place)
        if cost < best_cost:
            best, best_cost = place, cost
    if best:
        group[best - 1].break_level = BREATH
        breathe(group[:best])
        breathe(group[best:])


def _quality(group: list[ProsodicWord], place: int) -> float:
    """How well a breath stands before `group[place]`: 0 badly to 1."""
    first, last = group[place].words[0], group[place - 1].words[-1]
    if last.text in ("的", "地", "得") or last.pos in ("p", "c", "d", "m", "r"):
        return -0.5
    if first.text in _JOINING or first.pos == "c":
        return 1.0
    if first.pos == "p" or last.text[-1] in _AFTER:
        return 0.5
    return 0.3 if first.pos in ("r", "t", "d") else 0.0


def _would_change_tones(group: list[ProsodicWord], place: int) -> bool:
    """Third tones that moved together are not parted."""
    left, right = group[place - 1].syllables, group[place].syllables
    return bool(left and right) and right[0].tone == 3 and left[-1].tone in (2, 3)
