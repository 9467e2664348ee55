"""Polyphones by the characters around them: the rows of `data/contexts.tsv`, tried in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tts_daemon.text import tables
from tts_daemon.text.reading import Word

_SHORT = {
    "{N}": "[零一二两三四五六七八九十百千万亿几半数]",
    "{P}": "[我你他她它您咱谁]",
    "{E}": "$",
}
_OPEN = frozenset(("大喝", "长得", "同行", "背着", "穿着", "发卡", "朝阳", "落下"))
"""Words of the dictionary that have two readings: 大喝一声, 大喝一顿."""
_WINDOW = 14
"""Characters on either side that a row may look at."""
_PAUSES = re.compile("[，。！？；：、]")


@dataclass(frozen=True, slots=True)
class _Row:
    reading: str
    left: re.Pattern[str]
    right: re.Pattern[str]


def _compiled(pattern: str) -> re.Pattern[str]:
    for short, meaning in _SHORT.items():
        pattern = pattern.replace(short, meaning)
    return re.compile(pattern)


@cache
def _rows() -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for line in tables.data_lines("contexts.tsv"):
        char, reading, left, right = line.split("\t")
        found.setdefault(char, []).append((reading, left, right))
    return found


@cache
def _rows_of(char: str) -> tuple[_Row, ...]:
    """Compiled when the character first turns up: most texts have few of them."""
    return tuple(
        _Row(reading, _compiled(left), _compiled(right)) for reading, left, right in _rows()[char]
    )


def apply(words: list[Word]) -> None:
    """Set the readings that a row decides, in words that no dictionary has read."""
    rows = _rows()
    text = ""
    for word in words:
        asked = _is_open(word) or any(syllable.guessed for syllable in word.syllables)
        if asked and not rows.keys().isdisjoint(word.text):
            text = text or "".join(item.text for item in words)
            _read(word, text, _offset(words, word))


def _is_open(word: Word) -> bool:
    """Whether a word says nothing of its own about the reading: 行, 一行, 这场."""
    return len(word.text) == 1 or word.pos in ("m", "mq") or word.text in _OPEN


def _offset(words: list[Word], wanted: Word) -> int:
    place = 0
    for word in words:
        if word is wanted:
            return place
        place += len(word.text)
    return place


def _read(word: Word, text: str, start: int) -> None:
    place = start
    for syllable in word.syllables:
        asked = syllable.guessed or _is_open(word)
        if asked and syllable.chars in _rows() and not syllable.given:
            reading = decided(text, place)
            if reading:
                syllable.base, syllable.tone = reading[:-1], int(reading[-1])
                syllable.guessed = False
        place += len(syllable.chars)


def decided(text: str, place: int) -> str:
    """The reading of the character at `place`; empty where no row fits."""
    left = text[max(0, place - _WINDOW) : place]
    right = text[place + 1 : place + 1 + _WINDOW]
    pause = _PAUSES.search(right)
    near = right[: pause.start()] if pause else right
    for row in _rows_of(text[place]):
        if row.left.search(left) and row.right.search(near):
            return row.reading
    return ""
