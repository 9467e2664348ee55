"""Foreign text for a log or a terminal: nothing in it moves a cursor, or begins a line."""

from __future__ import annotations

import unicodedata
from typing import TextIO

_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
_JOINERS = "\u200c\u200d"
"""Inside emoji and some scripts; they show nothing of their own."""


def printable(text: str) -> str:
    """The text on one line, with what cannot be seen (or turns the direction) written out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def shortened(text: str, longest: int) -> str:
    """The begin of a message, cut between words: an address in it is there whole or not at all.

    Args:
        text: On one line.
        longest: Characters from which on it is cut.
    """
    if len(text) <= longest:
        return text
    end = text.rfind(" ", 0, longest)
    if end < 0:
        end = text.find(" ")
    return text if end < 0 else f"{text[:end]} ..."


def _shown(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape").decode("ascii")


class PrintableStream:
    """A text stream that writes every line as `printable` does; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        """Take the stream that is written to."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text; its own line ends and tabs are kept."""
        self._stream.write(_lines(text))
        return len(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def _lines(text: str) -> str:
    kept = ("\n", "\t", "\r")
    if all(character in kept or character.isprintable() for character in text):
        return text
    return "".join(item if item in kept else _shown(item) for item in text)
