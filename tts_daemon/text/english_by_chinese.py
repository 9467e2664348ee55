"""English by near Chinese syllables, for voices that have no English phones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tts_daemon.text import tables
from tts_daemon.text.english import VOWEL, lookup, parts, syllabify
from tts_daemon.text.reading import Syllable

# The letters as Chinese speakers name them.
_LETTERS = {
    "a": "ei1", "b": "bi4", "c": "xi1", "d": "di4", "e": "yi4", "f": "ai2 fu5", "g": "ji4",
    "h": "ai2 chi5", "i": "ai4", "j": "jie4", "k": "kei4", "l": "ai2 lou5", "m": "ai2 mu5",
    "n": "en1", "o": "ou1", "p": "pi4", "q": "qiu1", "r": "a4", "s": "ai2 si5", "t": "ti4",
    "u": "you1", "v": "wei1", "w": "da2 bu5 liu5", "x": "ai2 ke5 si5", "y": "wai4",
    "z": "zei4",
}  # fmt: skip
_ONSET_TO_INITIAL = {
    "b": "b", "p": "p", "m": "m", "f": "f", "d": "d", "t": "t", "n": "n", "l": "l",
    "g": "g", "k": "k", "hh": "h", "jh": "zh", "ch": "ch", "sh": "sh", "zh": "r", "s": "s",
    "z": "z", "th": "s", "dh": "z", "r": "r", "w": "w", "v": "w", "y": "y",
}  # fmt: skip
_NUCLEUS = {
    "aa": "a", "ae": "ai", "ah": "a", "ao": "ao", "aw": "ao", "ay": "ai", "eh": "ei",
    "er": "e", "ey": "ei", "ih": "i", "iy": "i", "ow": "ou", "oy": "ou", "uh": "u",
    "uw": "u",
}  # fmt: skip
_NASAL = {
    "aa": "an", "ae": "an", "ah": "en", "ao": "ang", "aw": "ang", "ay": "an", "eh": "en",
    "er": "en", "ey": "en", "ih": "in", "iy": "in", "ow": "ong", "oy": "ong", "uh": "un",
    "uw": "un",
}  # fmt: skip
_CODA = {
    "b": "bu", "p": "pu", "m": "mu", "f": "fu", "v": "fu", "d": "de", "t": "te", "l": "er",
    "g": "ge", "k": "ke", "s": "si", "z": "zi", "th": "si", "dh": "zi", "sh": "shi",
    "zh": "ri", "ch": "qi", "jh": "zhi", "r": "er", "w": "wu", "y": "yi", "n": "en",
    "ng": "eng", "hh": "he",
}  # fmt: skip
# Where Chinese has no such syllable: the finals that come nearest, best first.
_NEAR_FINALS = {
    "i": ("i", "ei", "ui", "e"), "in": ("in", "en", "an"), "a": ("a", "ia", "e"),
    "ai": ("ai", "ei", "ie", "a"), "ei": ("ei", "ai", "ie", "ui", "e"),
    "e": ("e", "uo", "o", "ie", "u"), "ao": ("ao", "ou", "o", "uo"),
    "ou": ("ou", "uo", "o", "iu"), "u": ("u", "ou"), "an": ("an", "ian", "en"),
    "ang": ("ang", "iang", "an"), "en": ("en", "un", "in", "eng", "an"),
    "ong": ("ong", "eng", "iong"), "un": ("un", "en", "ong"), "eng": ("eng", "ong", "ing"),
}  # fmt: skip
_PALATAL = {
    "s": "x", "z": "j", "zh": "j", "ch": "q", "sh": "x", "k": "j", "g": "j", "h": "x",
    "c": "q",
}  # fmt: skip
_ZERO = {
    "i": "yi", "in": "yin", "ing": "ying", "u": "wu", "un": "wen", "ong": "weng",
}  # fmt: skip


def syllables(token: str) -> list[Syllable]:
    """`iPhone` -> ai1 feng4; letters by their Chinese names; never empty for letters."""
    found: list[Syllable] = []
    for word, known in parts(token):
        if known:
            groups = syllabify(lookup(word))
            for group in groups:
                found.extend(_near(group, last=group is groups[-1]))
        else:
            found.extend(_named(word))
    return found


def _named(letters: str) -> Iterator[Syllable]:
    for letter in letters:
        for name in _LETTERS.get(letter, "").split():
            yield Syllable("", name[:-1], int(name[-1]))


def _near(group: list[str], *, last: bool) -> Iterator[Syllable]:
    """One English syllable: the vowel takes the consonant before it, the others a weak vowel."""
    place = next((i for i, phone in enumerate(group) if VOWEL.fullmatch(phone)), None)
    if place is None:
        yield from (_weak(phone) for phone in group)
        return
    yield from (_weak(phone) for phone in group[: max(0, place - 1)])
    initial = _ONSET_TO_INITIAL[group[place - 1]] if place else ""
    vowel, stress = group[place][:-1], group[place][-1]
    coda = group[place + 1 :]
    nasal = coda[:1] in (["n"], ["ng"]) or (coda[:1] == ["m"] and not last)
    tone = 5 if stress == "0" else 4 if last else 1
    yield Syllable("", _nearest(initial, _final(vowel, stress, nasal)), tone)
    if vowel == "oy":
        yield Syllable("", "yi", 5)
    yield from (_weak(phone) for phone in coda[1 if nasal else 0 :])


def _final(vowel: str, stress: str, nasal: bool) -> str:
    if nasal:
        return _NASAL[vowel]
    return "e" if vowel == "ah" and stress == "0" else _NUCLEUS[vowel]


def _weak(phone: str) -> Syllable:
    return Syllable("", _CODA[phone], 5)


@cache
def _valid() -> frozenset[str]:
    return tables.characters().bases


def _nearest(initial: str, final: str) -> str:
    if not initial:
        return _ZERO.get(final, final)
    if final[0] == "i" and initial in _PALATAL:
        return _PALATAL[initial] + final
    near = (initial + candidate for candidate in (*_NEAR_FINALS[final], "a"))
    return next((syllable for syllable in near if syllable in _valid()), "e")
