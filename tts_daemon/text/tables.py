"""The pinyin tables in `data/`: characters, words, and the lists that the rules go by."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

DATA = Path(__file__).with_name("data")
_CODE_POINTS = 0x323B0


def data_lines(name: str) -> list[str]:
    """The lines of a data file without comments and blank lines."""
    return list(_lines(name))


def _lines(name: str) -> Iterator[str]:
    with (DATA / name).open(encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                yield line.rstrip("\n")


class CharacterTable:
    """The default reading of every character: two bytes for each code point, 0.4 MB."""

    def __init__(self, lines: list[str]) -> None:
        """Read lines of `syllable characters`."""
        self._syllables = [""]
        self._index = array("H", bytes(2 * _CODE_POINTS))
        for line in lines:
            syllable, characters = line.split(" ")
            for char in characters:
                self._index[ord(char)] = len(self._syllables)
            self._syllables.append(syllable)

    @cached_property
    def bases(self) -> frozenset[str]:
        """Every syllable that some character has, without its tone."""
        return frozenset(syllable[:-1] for syllable in self._syllables[1:])

    def get(self, char: str) -> str:
        """`率` -> `lv4`; empty for what is not a Chinese character."""
        code = ord(char)
        return self._syllables[self._index[code]] if code < _CODE_POINTS else ""


@cache
def characters() -> CharacterTable:
    """The table of `characters.txt`, loaded once."""
    return CharacterTable(data_lines("characters.txt"))


@cache
def phrases() -> dict[str, str]:
    """Words whose reading does not follow from their characters: `银行` -> `yin2 hang2`."""
    found: dict[str, str] = {}
    for line in _lines("phrases.txt"):
        word, reading = line.split(" ", 1)
        found[word] = reading
    found.update((word, reading) for word, _, reading in words())
    return found


@cache
def words() -> list[tuple[str, str, str]]:
    """Word, part of speech and reading in `words.txt`, which wins over `phrases.txt`."""
    triples = (line.split(" ", 2) for line in data_lines("words.txt"))
    return [(word, pos, reading) for word, pos, reading in triples]


@cache
def own_words() -> frozenset[str]:
    """The words of `words.txt`."""
    return frozenset(word for word, _, _ in words())


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of a data file that is a plain list, separated by white space."""
    return frozenset(" ".join(data_lines(name)).split())


@cache
def word_set(text: str) -> frozenset[str]:
    """The words of `text`, which white space separates."""
    return frozenset(text.split())
