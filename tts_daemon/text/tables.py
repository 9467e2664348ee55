"""The pinyin tables in `data/`: characters, words, and the lists that the rules go by."""

from __future__ import annotations

from array import array
from functools import cache
from importlib.resources import files

_CODE_POINTS = 0x323B0


def data_lines(name: str) -> list[str]:
    """The lines of a data file without comments and blank lines."""
    text = files("tts_daemon.text").joinpath("data", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


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
    found = dict(line.split(" ", 1) for line in data_lines("phrases.txt"))
    return found | {word: reading for word, _, reading in words()}


@cache
def words() -> list[tuple[str, str, str]]:
    """Word, part of speech and reading of the words in `words.txt`, which win over `phrases.txt`."""
    triples = (line.split(" ", 2) for line in data_lines("words.txt"))
    return [(word, pos, reading) for word, pos, reading in triples]


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of a data file that is a plain list, separated by white space."""
    return frozenset(" ".join(data_lines(name)).split())
