"""A word among its neighbours, as the rules for polyphones see it."""

from __future__ import annotations

from dataclasses import dataclass

from tts_daemon.text.reading import Word

_NONE = Word("", "x")
NUMERALS = frozenset("零〇一二三四五六七八九十百千万亿两几半数")


@dataclass(frozen=True, slots=True)
class Context:
    """A word among its neighbours; beyond the ends of the text stand empty punctuation words."""

    words: list[Word]
    index: int

    def at(self, offset: int) -> Word:
        """The word `offset` places away."""
        place = self.index + offset
        return self.words[place] if 0 <= place < len(self.words) else _NONE

    @property
    def before(self) -> Word:
        """The word before."""
        return self.at(-1)

    @property
    def after(self) -> Word:
        """The word after."""
        return self.at(1)

    @property
    def after_number(self) -> bool:
        """Whether a numeral stands before (`三只`)."""
        return self.before.text[-1:] in NUMERALS or self.before.pos == "m"

    def verb_follows(self, limit: int = 5) -> bool:
        """Whether a verb comes in the same phrase after the next word (`为客厅开灯`)."""
        for offset in range(2, 2 + limit):
            word = self.at(offset)
            if not word.is_spoken:
                return False
            if word.pos.startswith("v"):
                return True
        return False
