"""The values that the stages of the reading half pass on: syllables and words."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Syllable:
    """One spoken syllable; the stages change its tone in place.

    Attributes:
        chars: The character that it stands for (two for erhua: `玩儿`).
        base: Pinyin without tone, as it is written in dictionaries, u-umlaut as v: `lv`, `qu`, `wan`.
        tone: 1 to 4, 5 = neutral.
        erhua: True when a retroflex r ends it.
    """

    chars: str
    base: str
    tone: int
    erhua: bool = False

    def __str__(self) -> str:
        """As in `tts-frontend`: `lv4`, `wanr2`."""
        return f"{self.base}{'r' if self.erhua else ''}{self.tone}"


@dataclass(slots=True)
class Word:
    """One word of the spoken text, or one punctuation mark.

    Attributes:
        text: Its characters.
        pos: Part of speech in jieba's tag set; `x` for punctuation, `eng` for Latin words.
        syllables: How it is read; empty for punctuation and Latin words.
    """

    text: str
    pos: str
    syllables: list[Syllable] = field(default_factory=list)

    @property
    def is_latin(self) -> bool:
        """True for English words and letters."""
        return self.pos == "eng"

    @property
    def is_spoken(self) -> bool:
        """False for punctuation."""
        return bool(self.syllables) or self.is_latin
