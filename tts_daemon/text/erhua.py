"""Where a written 儿 is the retroflex suffix of the syllable before, where a syllable of its own.

In the tables the suffix stands as `er5`, the syllable as `er2`; elsewhere the character before
decides.
"""

from __future__ import annotations

from tts_daemon.text.reading import Syllable, Word

# After one of these 儿 is a syllable of its own: 女儿 婴儿 混血儿 新生儿 托儿所 养儿防老.
_CHILD_OF = frozenset("女婴幼少孤胎健宠弃育血运潮托阿大小三乳生产患养孙我吾你他她令妻麟娇宁难能形")
# Given names that end in 儿.
_GIVEN = frozenset("采雪婉燕莺婵妙灵倩芸玉翠巧黛嫣宛盈珊萱")
# Nor is it a suffix of particles and prepositions: 给儿媳, 的儿女.
_NO_STEM = ("p", "c", "u", "x", "y")
# Words that end in a syllable of its own; 儿 before one of _CONTINUED is one too.
_SYLLABIC = frozenset(("女儿", "婴儿", "幼儿", "少儿", "孤儿", "胎儿", "健儿", "宠儿", "混血儿"))
_CONTINUED = frozenset("子童歌科媳女孙")


def merge(words: list[Word]) -> None:
    """Fold every suffix 儿 into the syllable before it: 玩 儿 -> `wanr2`, one syllable."""
    for index in range(len(words) - 1, 0, -1):
        word, before = words[index], words[index - 1]
        following = words[index + 1].text[:1] if index + 1 < len(words) else ""
        stem = before.syllables and not before.pos.startswith(_NO_STEM)
        if word.text == "儿" and stem and _is_suffix(before.syllables[-1], following):
            words[index - 1 : index + 1] = [
                Word(
                    before.text + "儿", before.pos, before.start, before.syllables + word.syllables
                )
            ]
    for word in words:
        if "儿" in word.text[1:] and word.text not in _SYLLABIC and not _is_name(word):
            word.syllables = _folded(word)


def _is_name(word: Word) -> bool:
    """应采儿: a surname and two characters."""
    return word.pos == "nr" and len(word.text) == 3 and word.text[1] in _GIVEN


def _is_suffix(before: Syllable | None, following: str) -> bool:
    return before is not None and before.chars not in _CHILD_OF and following not in _CONTINUED


def _folded(word: Word) -> list[Syllable]:
    folded: list[Syllable] = []
    for place, syllable in enumerate(word.syllables):
        following = word.text[place + 1 : place + 2] or "。"
        listed = syllable.chars == "儿" and syllable.tone == 5
        suffix = syllable.chars == "儿" and _is_suffix(folded[-1] if folded else None, following)
        if folded and (listed or suffix):
            folded[-1].chars += "儿"
            folded[-1].erhua = True
        else:
            folded.append(syllable)
    return folded
