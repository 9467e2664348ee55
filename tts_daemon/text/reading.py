"""The values that the stages of the reading half pass on: syllables, words, prosodic words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Syllable:
    """One spoken syllable; the stages change its tone in place.

    Attributes:
        chars: The characters that it stands for (two for erhua: `玩儿`); empty in English words.
        base: Pinyin without tone, spelt as in dictionaries, u-umlaut as v: `lv`, `qu`, `wan`.
        tone: 1 to 4, 5 = neutral.
        erhua: True when a retroflex r ends it.
        given: True when the writer gave its reading: no rule changes it.
        guessed: True when it is the most frequent reading of a character, for want of better.
    """

    chars: str
    base: str
    tone: int
    erhua: bool = False
    given: bool = False
    guessed: bool = False

    @classmethod
    def parse(cls, chars: str, written: str) -> Syllable:
        """`wanr2` -> base `wan`, tone 2, erhua."""
        base, tone = written[:-1], int(written[-1])
        erhua = len(base) > 1 and base.endswith("r") and base != "er"
        return cls(chars, base[:-1] if erhua else base, tone, erhua)

    def __str__(self) -> str:
        """As in `tts-frontend`: `lv4`, `wanr2`."""
        return f"{self.base}{'r' if self.erhua else ''}{self.tone}"


@dataclass(slots=True)
class Word:
    """One word of the spoken text, or one punctuation mark.

    Attributes:
        text: Its characters.
        pos: Part of speech in jieba's tag set; `x` for punctuation, `eng` for Latin words.
        start: Its offset in the spoken text.
        syllables: How it is read; empty for punctuation and Latin words.
    """

    text: str
    pos: str
    start: int = 0
    syllables: list[Syllable] = field(default_factory=list)

    @property
    def is_latin(self) -> bool:
        """True for English words and letters."""
        return self.pos == "eng"

    @property
    def is_spoken(self) -> bool:
        """False for punctuation."""
        return bool(self.syllables) or self.is_latin

    def cut(self, length: int) -> tuple[Word, Word]:
        """The word's first `length` characters and the rest; a syllable goes where it begins."""
        head = Word(self.text[:length], self.pos, self.start)
        tail = Word(self.text[length:], self.pos, self.start + length)
        place = 0
        for syllable in self.syllables:
            (head if place < length else tail).syllables.append(syllable)
            place += len(syllable.chars)
        return head, tail


@dataclass(slots=True)
class ProsodicWord:
    """What stands between two breaks.

    Attributes:
        words: Words of the text, whole or in part.
        break_level: The break after it: 1, 3 at inner punctuation, 4 at the end.
    """

    words: list[Word]
    break_level: int = 1

    @property
    def text(self) -> str:
        """Its characters."""
        return "".join(word.text for word in self.words)

    @property
    def syllables(self) -> list[Syllable]:
        """Its Chinese syllables."""
        return [syllable for word in self.words for syllable in word.syllables]

    @property
    def pinyin(self) -> Iterator[str]:
        """Its syllables as text; English words in upper case."""
        for word in self.words:
            if word.is_latin:
                yield word.text.upper()
            yield from map(str, word.syllables)
