"""A text that is still being written, cut where what came reads alone as it would in the whole.

A cut is made only where what stands before it and what stands after it cannot change each other,
so that a text sounds the same however it comes. Where that is not known yet, more is waited for.
"""

from __future__ import annotations

import re

from tts_daemon.text import markup, sentences

# How a sentence begins, after any tags: never with a mark that could belong to the one before, and
# always with something to be read, since what is blank belongs to the one before as well.
_BEGINS = re.compile(
    rf"(?:{markup.TAG.pattern})*(?:[“‘「『（(【《*#>•·+-][“‘「『（(【《*#>•·+ \t-]*)?[^\W_]"
)
_MARK = re.compile(r"[。！？；!?;.\n]")


class GrowingText:
    """Keeps what does not read alone yet."""

    def __init__(self) -> None:
        self._rest = ""
        self._is_first = True

    @property
    def waiting(self) -> int:
        """Number of characters that do not read alone yet."""
        return len(self._rest)

    def add(self, piece: str) -> str:
        """Take a piece of text.

        Returns:
            All sentences that read alone now, as they were written; empty when none does.
        """
        had_mark = _MARK.search(self._rest) is not None
        self._rest += piece
        if not had_mark and not _MARK.search(piece):
            return ""
        end = self._last_cut()
        whole, self._rest = self._rest[:end], self._rest[end:]
        self._is_first = self._is_first and not whole
        return whole

    def finish(self) -> str:
        """What is left at the end."""
        rest, self._rest = self._rest, ""
        return rest

    def _last_cut(self) -> int:
        """Where the last sentence ends that reads alone; 0 where none does."""
        if self._is_first and markup.is_document(self._rest):
            return 0
        ends = [end for _, end in sentences.spans(self._rest)][:-1]
        while ends and not self._is_cut(ends):
            ends.pop()
        return ends[-1] if ends else 0

    def _is_cut(self, ends: list[int]) -> bool:
        """Whether the text may be cut after these sentences."""
        before = self._rest[: ends[-1]]
        last = before[ends[-2] if len(ends) > 1 else 0 :]
        return bool(
            _BEGINS.match(self._rest, ends[-1])
            # A line break that is written as a sign for one shows itself only later.
            and "\\" not in last
            and not markup.is_open(before)
            # Some marks end a sentence only where nothing follows, such as dots that trail off.
            and [end for _, end in sentences.spans(before)] == ends
        )
