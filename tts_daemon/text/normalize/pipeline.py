"""The pass over one sentence, and the order of its rules: later ones see what earlier ones said."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

from tts_daemon.text.normalize import (
    characters,
    clock,
    codes,
    counting,
    dates,
    kana,
    latex,
    leftovers,
    markdown,
    maths,
    money,
    names,
    pictures,
    quantities,
    states,
    web,
)
from tts_daemon.text.normalize.rule import FIRST_MARK, LAST_MARK, SKIPPED

log = logging.getLogger(__name__)


class Pronunciation(NamedTuple):
    """Syllables that the writer gave for a stretch of text.

    Attributes:
        start, end: Offsets of its characters in the text that it belongs to.
        syllables: One for each of its spoken characters: `chong2`.
    """

    start: int
    end: int
    syllables: tuple[str, ...]


class _Step(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> frozenset[str]: ...
    @property
    def apply(self) -> Callable[[str], str]: ...


# The order is the meaning: what is special is read before what is general.
RULES: tuple[_Step, ...] = (
    *pictures.FACES,
    *characters.RULES,
    *kana.RULES,
    *latex.RULES,
    *markdown.RULES,
    *pictures.RULES,
    *states.RULES,
    *leftovers.GAPS,
    *web.RULES,
    *names.FIXED,
    *dates.RULES,
    *clock.RULES,
    *codes.RULES,
    *money.RULES,
    *quantities.RULES,
    *maths.RULES,
    *names.RULES,
    *counting.RULES,
    *leftovers.RULES,
)


@dataclass(frozen=True, slots=True)
class Normalized:
    """What is said.

    Attributes:
        text: Chinese characters, Latin words (`Let's`) and the marks ，。！？、；：; nothing else.
        skipped: Number of written characters that have no reading.
        dropped: Those of them that are letters or Chinese characters.
        pronunciations: The writer's pronunciations, at their places in `text`.
    """

    text: str
    skipped: int = 0
    dropped: tuple[str, ...] = ()
    pronunciations: tuple[Pronunciation, ...] = ()


@dataclass(frozen=True, slots=True)
class Ways:
    """Choices between two right readings.

    Attributes:
        si_units: kg is 千克 and km 千米; else 公斤 and 公里.
        english_states: `on` and `docked` stay English; else they are said in Chinese.
    """

    si_units: bool = False
    english_states: bool = False


USUAL_WAYS = Ways()


@cache
def _rules(ways: Ways) -> tuple[_Step, ...]:
    left_out = states.RULES if ways.english_states else ()
    chosen = tuple(rule for rule in RULES if rule not in left_out)
    if not ways.si_units:
        return chosen
    place = chosen.index(quantities.RULES[0])
    return (*chosen[:place], *quantities.SI_UNITS, *chosen[place:])


def normalize(
    sentence: str, pronunciations: Sequence[Pronunciation] = (), ways: Ways = USUAL_WAYS
) -> Normalized:
    """Turn written text into spoken text: `客厅26.5℃` -> `客厅二十六点五摄氏度`.

    Args:
        sentence: Any string; best one sentence, since numbers are read by what stands around them.
        pronunciations: Stretches of `sentence` whose reading is given; in order, not overlapping.
        ways: What is said where more than one reading is right.
    """
    text = re.sub("[\ue000-\uf8ff]", SKIPPED, sentence)
    text, marked = _mark(text, pronunciations)
    dropped: tuple[str, ...] = ()
    for name, spoken in steps(text, ways):
        if name == leftovers.RULES[-2].name or (name == leftovers.RULES[-1].name and not dropped):
            dropped = leftovers.dropped(text)
        text = spoken
    skipped = text.count(SKIPPED)
    if dropped:
        log.warning("no reading for %s; left out", " ".join(dropped))
    if skipped:
        log.info("skipped %d characters that have no reading", skipped)
    return _unmark(_tidy(text.replace(SKIPPED, "")), skipped, marked, dropped)


def steps(text: str, ways: Ways = USUAL_WAYS) -> Iterator[tuple[str, str]]:
    """The text after each rule that changed it, with the rule's name."""
    present = frozenset(text)
    for rule in _rules(ways):
        if rule.needs and rule.needs.isdisjoint(present):
            continue
        changed = rule.apply(text)
        if changed != text:
            text, present = changed, frozenset(changed)
            yield rule.name, text


def _mark(
    text: str, pronunciations: Sequence[Pronunciation]
) -> tuple[str, list[tuple[str, Pronunciation]]]:
    """Put a private code point in the place of each stretch; rules take it for a character."""
    marked: list[tuple[str, Pronunciation]] = []
    parts: list[str] = []
    position = 0
    for item in pronunciations[: LAST_MARK - FIRST_MARK]:
        parts += (text[position : item.start], chr(FIRST_MARK + len(marked)))
        marked.append((text[item.start : item.end], item))
        position = item.end
    return "".join([*parts, text[position:]]), marked


def _unmark(
    text: str,
    skipped: int,
    marked: list[tuple[str, Pronunciation]],
    dropped: tuple[str, ...],
) -> Normalized:
    placed: list[Pronunciation] = []
    parts: list[str] = []
    length = 0
    for part in re.split("([\ue000-\uf8fe])", text):
        if len(part) == 1 and FIRST_MARK <= ord(part) <= LAST_MARK:
            written, given = marked[ord(part) - FIRST_MARK]
            inner = normalize(written)
            part, skipped = inner.text, skipped + inner.skipped
            if len(part) == len(given.syllables):
                placed.append(Pronunciation(length, length + len(part), given.syllables))
        parts.append(part)
        length += len(part)
    return Normalized("".join(parts), skipped, dropped, tuple(placed))


_BESIDE_LATIN = re.compile(r"(?<![A-Za-z]) +| +(?![A-Za-z])")


def _tidy(text: str) -> str:
    """Spaces only between Latin words; one mark for a run of marks; none at the start."""
    text = _BESIDE_LATIN.sub("", re.sub(r" {2,}", " ", text))
    return leftovers.join_marks(text).lstrip("，。！？；：…、 ")
