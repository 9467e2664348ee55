"""Whole sentences out of a text that comes in pieces of any length."""

from __future__ import annotations

import re

# A full stop of Latin script ends a sentence only before a space: 3.5, example.com.
_END = re.compile(r"[。！？；!?;\n…]+[”’」』）)\"']*|\.(?=\s)")


class Sentences:
    """Keeps what is not a whole sentence yet."""

    def __init__(self) -> None:
        self._rest = ""

    def add(self, piece: str) -> str:
        """Take a piece of text.

        Returns:
            Every sentence that is whole now; empty when none is.
        """
        self._rest += piece
        end = 0
        for match in _END.finditer(self._rest):
            # What stands at the very end may go on: a second mark, a closing quotation mark.
            if match.end() < len(self._rest):
                end = match.end()
        whole, self._rest = self._rest[:end], self._rest[end:]
        return whole.strip()

    @property
    def waiting(self) -> int:
        """Number of characters of the sentence that is not whole yet."""
        return len(self._rest)

    def finish(self) -> str:
        """What is left at the end."""
        rest, self._rest = self._rest, ""
        return rest.strip()
