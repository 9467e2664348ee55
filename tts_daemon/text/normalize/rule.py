"""What a rule is, and the pieces that the rules' patterns are built of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

SKIPPED = "\uf8ff"
"""Stands for one character that cannot be read; counted and removed at the end of the pass."""

FIRST_MARK, LAST_MARK = 0xE000, 0xF8FE
"""Private code points; each stands for one stretch of text whose pronunciation the writer gave."""

HAN = "〇㐀-䶿一-鿿\ue000-\uf8fe\U00020000-\U000323af"
"""Inside a character class: everything that is read as Chinese characters."""

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?"
"""`5`, `26.5`, `1,234.50`; no sign."""

SIGNED = rf"(?:(?<![0-9A-Za-z.)）%])[-+])?{NUMBER}"
"""A number with the sign before it, unless that sign joins it to what stands on its left."""

DASH = r"\s?(?:-|~|—{1,2}|至|到)\s?"
"""What stands between the two ends of a range."""

Reader = Callable[[re.Match[str]], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which something written is spoken.

    Attributes:
        name: What it reads, for the explanation of a sentence.
        pattern: Where it applies; linear in the length of the text.
        read: From the match to the spoken words; None leaves the match as written.
        needs: The rule is tried only on text that contains one of these characters; empty: always.
    """

    name: str
    pattern: re.Pattern[str]
    read: Reader
    needs: frozenset[str] = frozenset("0123456789")

    def apply(self, text: str) -> str:
        """Read every match."""
        return self.pattern.sub(self._replace, text)

    def _replace(self, match: re.Match[str]) -> str:
        spoken = self.read(match)
        return match[0] if spoken is None else spoken


@dataclass(frozen=True, slots=True)
class Change:
    """A step that is no matter of one pattern; stands where a rule stands."""

    name: str
    apply: Callable[[str], str]
    needs: frozenset[str] = frozenset()


def before(match: re.Match[str], length: int = 12) -> str:
    """Up to `length` characters on the left of the match."""
    return match.string[max(0, match.start() - length) : match.start()]


def after(match: re.Match[str], length: int = 12) -> str:
    """Up to `length` characters on the right of the match."""
    return match.string[match.end() : match.end() + length]
