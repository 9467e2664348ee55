"""Neutral tone, 一 and 不, and the third tone."""

from __future__ import annotations

from tts_daemon.text import tables
from tts_daemon.text.reading import Syllable, Word

_DIGITS = set("零〇一二三四五六七八九十百千万亿两幺点第")


def neutral_tone(words: list[Word]) -> None:
    """Take the tone from syllables that a word list calls neutral."""
    listed = tables.word_list("neutral.txt")
    for word in words:
        if word.text in listed or (len(word.text) > 1 and word.text[-1] == "们"):
            word.syllables[-1].tone = 5


def yi_bu(groups: list[list[Syllable]]) -> None:
    """Tones of 一 and 不 inside one prosodic phrase."""
    line = [syllable for group in groups for syllable in group]
    ends = {id(group[-1]) for group in groups if group}
    for index, syllable in enumerate(line):
        before = line[index - 1] if index else None
        after = line[index + 1] if index + 1 < len(line) else None
        if syllable.chars == "不" and syllable.base == "bu":
            syllable.tone = _bu(before, after)
        elif syllable.chars == "一" and syllable.base == "yi":
            syllable.tone = _yi(before, after, id(syllable) in ends)


def _bu(before: Syllable | None, after: Syllable | None) -> int:
    if before and after and before.chars == after.chars:
        return 5
    return 2 if after and after.tone == 4 else 4


def _yi(before: Syllable | None, after: Syllable | None, ends_word: bool) -> int:
    if after is None or ends_word:
        return 1
    if before and before.chars in _DIGITS:
        return 1
    if after.chars in _DIGITS and after.chars not in "百千万亿":
        return 1
    if after.chars in "月号":
        return 1
    if before and before.chars == after.chars:
        return 5
    return 2 if after.tone == 4 or after.chars == "个" else 4


def third_tone(groups: list[list[Syllable]]) -> None:
    """Third tone before third tone becomes second, from right to left, inside one prosodic phrase.

    Inside a prosodic word the lexical tones decide (展览馆 2-2-3); across a boundary the next word's surface
    tone does (很 | 小 stays 3 where 小 itself has become 2).

    Args:
        groups: The syllables of each prosodic word between two pauses.
    """
    next_surface = 0
    for group in reversed(groups):
        lexical = [syllable.tone for syllable in group]
        following = [*lexical[1:], next_surface] if group else []
        for syllable, next_tone in zip(group, following, strict=True):
            if syllable.tone == 3 and next_tone == 3:
                syllable.tone = 2
        next_surface = group[0].tone if group else 0
