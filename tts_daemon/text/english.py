"""English words and letters to ARPAbet phones, for voices that were trained on them.

Source: pronunciations from CMUdict (Carnegie Mellon University).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise

from tts_daemon.domain import Symbol
from tts_daemon.text import tables

_LETTERS = {
    "a": "ey1", "b": "b iy1", "c": "s iy1", "d": "d iy1", "e": "iy1", "f": "eh1 f",
    "g": "jh iy1", "h": "ey1 ch", "i": "ay1", "j": "jh ey1", "k": "k ey1", "l": "eh1 l",
    "m": "eh1 m", "n": "eh1 n", "o": "ow1", "p": "p iy1", "q": "k y uw1", "r": "aa1 r",
    "s": "eh1 s", "t": "t iy1", "u": "y uw1", "v": "v iy1", "w": "d ah1 b ah0 l y uw0",
    "x": "eh1 k s", "y": "w ay1", "z": "z iy1",
}  # fmt: skip
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
VOWEL = re.compile(r"[a-z]+[012]")
_ONSETS = frozenset(
    " ".join(cluster)
    for cluster in (
        *("pr", "pl", "br", "bl", "tr", "dr", "kr", "kl", "gr", "gl", "fr", "fl", "sp", "st", "sk"),
        *(
            "sl",
            "sm",
            "sn",
            "sw",
            "tw",
            "kw",
            "py",
            "by",
            "fy",
            "my",
            "ky",
            "vy",
            "spr",
            "str",
            "skr",
        ),
        *(("th", "r"), ("sh", "r"), ("hh", "y"), "spl"),
    )
)
_SHORTEST_WORD = 2
_SPELT_CAPITALS = 3


@cache
def _dictionary() -> str:
    return "\n" + "".join(
        (tables.DATA / name).read_text(encoding="utf-8")
        for name in ("english_home.txt", "english.txt")
    )


@lru_cache(maxsize=2048)
def lookup(word: str) -> tuple[str, ...]:
    """ARPAbet phones with stress digits of a lower-case word; empty for an unknown one."""
    if word.endswith("'s") and lookup(word[:-2]):
        return (*lookup(word[:-2]), "z")
    text = _dictionary()
    start = text.find(f"\n{word} ")
    if start < 0:
        return ()
    return tuple(text[start + len(word) + 2 : text.index("\n", start + 1)].split(" "))


def parts(token: str) -> Iterator[tuple[str, bool]]:
    """Cut a token into known words (True) and runs of letters to be spelt (False).

    `iPhone` is known, `HomeKit` is two words, `USB` and `xyzzy` are spelt.
    """
    token = token.replace("’", "'")
    capitals = token.isupper() and len(token) <= _SPELT_CAPITALS
    if not capitals and len(token) >= _SHORTEST_WORD and lookup(token.lower()):
        yield token.lower(), True
        return
    for piece in _CAMEL.findall(token):
        spelt = piece.isupper() and len(piece) <= _SPELT_CAPITALS
        known = not spelt and len(piece) >= _SHORTEST_WORD and bool(lookup(piece.lower()))
        if known or len(piece) < _SHORTEST_WORD or piece.isupper():
            yield piece.lower(), known
        else:
            yield from _compound(piece.lower())


def _compound(word: str) -> Iterator[tuple[str, bool]]:
    """`smarthome` -> smart, home; else the letters."""
    for cut in range(3, len(word) - 2):
        if lookup(word[:cut]) and lookup(word[cut:]):
            yield word[:cut], True
            yield word[cut:], True
            return
    yield word, False


def spelling(letters: str) -> Iterator[tuple[str, ...]]:
    """The phones of each letter's name."""
    for letter in letters:
        if letter in _LETTERS:
            yield tuple(_LETTERS[letter].split(" "))


def word_symbols(token: str) -> list[Symbol]:
    """The phones of an English token, with the flags of its syllables; never empty for letters."""
    symbols: list[Symbol] = []
    for word, known in parts(token):
        for phones in [lookup(word)] if known else spelling(word):
            symbols.extend(symbols_of_phones(phones))
    return symbols


def syllabify(phones: tuple[str, ...]) -> list[list[str]]:
    """Group phones into syllables, with the longest onsets that English allows."""
    vowels = [index for index, phone in enumerate(phones) if VOWEL.fullmatch(phone)]
    if not vowels:
        return [list(phones)] if phones else []
    starts = [0]
    for left, right in pairwise(vowels):
        start = right
        while start - 1 > left and _is_onset(phones[start - 1 : right]):
            start -= 1
        starts.append(start)
    return [list(phones[a:b]) for a, b in zip(starts, [*starts[1:], len(phones)], strict=True)]


def _is_onset(consonants: tuple[str, ...]) -> bool:
    return " ".join(consonants) in _ONSETS or (len(consonants) == 1 and consonants[0] != "ng")


def symbols_of_phones(phones: tuple[str, ...]) -> Iterator[Symbol]:
    """The symbols of ARPAbet phones with stress digits, with the flags of their syllables."""
    for syllable in syllabify(phones):
        stress = next((phone[-1] for phone in syllable if VOWEL.fullmatch(phone)), "0")
        # Only primary stress is marked, as in the published transcriptions (iPhone: ay1, ow0).
        tone = "tone1" if stress == "1" else "tone0"
        last = len(syllable) - 1
        for index, phone in enumerate(syllable):
            flag = "s_begin" if index == 0 else "s_end" if index == last else "s_middle"
            yield Symbol(phone.rstrip("012"), tone, "s_both" if last == 0 else flag, "word_middle")
