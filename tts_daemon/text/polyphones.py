"""Rules for the frequent polyphones that a dictionary of words cannot decide."""

from __future__ import annotations

from collections.abc import Callable

from tts_daemon.text.reading import Word


def apply(words: list[Word], is_fixed: Callable[[str], bool]) -> None:
    """Correct the readings of polyphones by the words around them.

    Args:
        is_fixed: True for words whose reading a dictionary knows.
    """
    for index, word in enumerate(words):
        if len(word.text) == 1 and word.text in _RULES:
            before = words[index - 1] if index else None
            after = words[index + 1] if index + 1 < len(words) else None
            _set(word, _RULES[word.text](before, after))


def _set(word: Word, reading: str) -> None:
    word.syllables[0].base, word.syllables[0].tone = reading[:-1], int(reading[-1])


def _de_complement(before: Word | None, after: Word | None) -> str:
    return "de5" if before and before.is_spoken else "dei3"


def _de_adverbial(before: Word | None, after: Word | None) -> str:
    if before and after and after.pos.startswith(("v", "a")) and before.pos[:1] in "adziv":
        return "de5"
    return "di4"


_RULES: dict[str, Callable[[Word | None, Word | None], str]] = {
    "得": _de_complement,
    "地": _de_adverbial,
}
