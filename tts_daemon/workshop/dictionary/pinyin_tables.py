"""Builds the compact pinyin tables of `tts_daemon/text/data` from pypinyin's dictionaries.

Run by hand (`python -m tts_daemon.workshop.dictionary.pinyin_tables`) when pypinyin has better
data. The daemon itself does not need pypinyin: its dictionaries take 57 MB of memory, these
tables 4 MB.

Source: pypinyin (MIT), whose data come from pinyin-data and phrase-pinyin-data (MIT).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pypinyin.contrib.tone_convert import to_tone3
from pypinyin.phrases_dict import phrases_dict
from pypinyin.pinyin_dict import pinyin_dict

from tts_daemon.text import tables, tone_sandhi
from tts_daemon.text.phrasing import Phrasing

DATA = Path(__file__).resolve().parents[2] / "text" / "data"
DEFAULTS = Path(__file__).with_name("default_readings.txt")
CORRECTIONS = Path(__file__).with_name("word_readings.txt")
DECISIONS = Path(__file__).with_name("decided_readings.tsv")

# Characters whose reading a rule may change: their words are kept even where it is the default.
RULED = frozenset(
    "得地着了还长都为调重行数乐空系没发种只便差朝背倒处教觉量切尽干中弹盛炸划脏挨塞撒曾任单解朴仇薄查翟葛燕"
)


def numbered(marked: str) -> str:
    """`lǜ` -> `lv4`; a syllable without a mark is neutral (tone 5)."""
    return str(to_tone3(marked, v_to_u=False, neutral_tone_with_five=True)).replace("ü", "v")


def readable(syllable: str) -> bool:
    """True when the syllable is plain ASCII letters and one tone digit (not `ê̄` or `hm̀`)."""
    return syllable[:-1].isascii() and syllable[:-1].isalpha() and syllable[-1] in "12345"


def default_readings() -> dict[str, str]:
    """Our own choices among pypinyin's readings."""
    lines = DEFAULTS.read_text(encoding="utf-8").splitlines()
    pairs = (pair.split(":") for line in lines if line[:1] != "#" for pair in line.split())
    return dict(pairs)


def character_readings() -> dict[str, str]:
    """The default reading of every character, by character."""
    readings = {}
    for code, marked in pinyin_dict.items():
        usable = [item for item in map(numbered, marked.split(",")) if readable(item)]
        if usable:
            readings[chr(code)] = usable[0]
    return readings | default_readings()


def dictionary_readings() -> dict[str, list[str]]:
    """The words of pypinyin's dictionary; 一, 不 and 个 with their lexical tones."""
    lexical = {"一": "yi1", "不": "bu4", "个": "ge4"}
    found = {}
    for phrase, marked in phrases_dict.items():
        reading = [numbered(options[0]) for options in marked]
        if len(phrase) > 1 and len(reading) == len(phrase) and all(map(readable, reading)):
            pairs = zip(phrase, reading, strict=True)
            found[phrase] = [lexical.get(char, item) for char, item in pairs]
    return found


def corrected(
    phrases: dict[str, list[str]], characters: dict[str, str]
) -> Iterator[tuple[str, list[str]]]:
    """Every word of `phrases`, and those whose reading we know better."""
    ours: dict[str, dict[str, str]] = defaultdict(dict)
    for line in CORRECTIONS.read_text(encoding="utf-8").splitlines():
        if line[:1] != "#":
            char, syllable, *words = line.split()
            for word in words:
                ours[word][char] = syllable
    for phrase in phrases.keys() | ours.keys():
        reading = phrases.get(phrase) or [characters.get(char, "") for char in phrase]
        known = ours.get(phrase, {})
        yield phrase, [known.get(char, item) for char, item in zip(phrase, reading, strict=True)]


def decisions() -> dict[str, list[str]]:
    """The words over whose readings the dictionaries disagree, as they were decided."""
    found = {}
    for line in DECISIONS.read_text(encoding="utf-8").splitlines():
        if line[:1] != "#":
            word, reading, _ = line.split("\t")
            found[word] = reading.split(" ")
    return found


def voted_readings(characters: dict[str, str]) -> dict[str, list[str]]:
    """Every word that some source has, with the reading that won."""
    return dict(corrected(dictionary_readings(), characters)) | decisions()


def phrase_readings(voted: dict[str, list[str]]) -> dict[str, list[str]]:
    """The words that the runtime would misread without an entry, or that a rule might.

    The shortest come first: a longer word is read from those that it is made of. Whatever stands in
    words.txt stands above all of this.
    """
    kept: dict[str, list[str]] = {}
    reader = _TableReader()
    for word in sorted(voted, key=lambda word: (len(word), word)):
        reading = voted[word]
        if reader.reading(word) != reading or RULED & set(word):
            kept[word] = reading
            reader.learn(word, reading)
    return kept


class _TableReader:
    """The runtime's own way from a word to its reading, with a table that grows."""

    def __init__(self) -> None:
        self._table = tables.phrases()
        self._table.clear()
        self._table.update((word, reading) for word, _, reading in tables.words())
        self._phrasing = Phrasing()

    def learn(self, word: str, reading: list[str]) -> None:
        self._table.setdefault(word, " ".join(reading))

    def reading(self, word: str) -> list[str]:
        words = self._phrasing.dictionary_words(word)
        tone_sandhi.neutral_tone(words)
        return [str(syllable) for item in words for syllable in item.syllables]


def write_tables(directory: Path = DATA) -> None:
    """Write characters.txt (a syllable and its characters a line) and phrases.txt (a word each)."""
    characters = character_readings()
    by_syllable: dict[str, list[str]] = defaultdict(list)
    for char, syllable in sorted(characters.items()):
        by_syllable[syllable].append(char)
    lines = [f"{syllable} {''.join(chars)}\n" for syllable, chars in sorted(by_syllable.items())]
    (directory / "characters.txt").write_text("".join(lines), encoding="utf-8")
    tables.characters.cache_clear()
    phrases = phrase_readings(voted_readings(characters))
    lines = [f"{phrase} {' '.join(phrases[phrase])}\n" for phrase in sorted(phrases)]
    (directory / "phrases.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write_tables()
