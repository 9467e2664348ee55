"""Readings that people correct while they listen: one entry at a time in a lexicon file.

The file stays what counts: it is read anew before every change, lines that are not concerned stay
as they are, and whoever edits it by hand is heard like the page.
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import yaml

from tts_daemon.errors import StorageError, TextError
from tts_daemon.text.lexicon import check_entry, entries_of

_HEADER = "# Readings that were corrected on the page of tts-daemon. This file may be edited.\n"
_MOST = 2000
"""Entries; each costs time in every text."""


class Corrections:
    """The file `text.corrections`. For any thread."""

    def __init__(self, path: Path) -> None:
        """`path`: the file; it and its directory come into being with the first entry."""
        self.path = path
        self._lock = threading.Lock()

    def entries(self) -> dict[str, str]:
        """Word -> reading, the oldest first. Raises StorageError."""
        return entries_of(self._read())

    def change(self, word: str, reading: str | None) -> str | None:
        """Read a word in another way from now on.

        Args:
            word: As it is written.
            reading: Pinyin, or other words; None takes the entry back.

        Returns:
            How the file read it before; None where it did not name it.

        Raises:
            TextError: What the lexicon would not take.
            StorageError: The file cannot be read or written.
        """
        word, reading = word.strip(), reading.strip() if reading is not None else None
        if not f"{word}{reading or ''}".isprintable():
            raise TextError(f"{word!a}: a word and its reading stand on one line")
        if reading is not None:
            check_entry(word, reading)
        with self._lock:
            text = self._read()
            before = entries_of(text)
            if reading is not None and word not in before and len(before) >= _MOST:
                raise TextError(f"{len(before)} corrections are kept already in {self.path}")
            changed = _changed(text, word, reading)
            after = {name: value for name, value in before.items() if name != word}
            if reading is not None:
                after[word] = reading
            if entries_of(changed) != after:
                raise TextError(
                    f"{word!r}: stands in {self.path} in a way that only you can change"
                )
            self._write(changed)
        return before.get(word)

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return _HEADER
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(f"{self.path}: cannot be read: {error}") from None

    def _write(self, text: str) -> None:
        """Whole or not at all: a power cut leaves the old file or the new one."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self.path.parent, prefix=self.path.name, delete=False
            ) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(self.path)
        except OSError as error:
            reason = error.strerror or error
            raise StorageError(f"{self.path}: cannot be written: {reason}") from None


def _changed(text: str, word: str, reading: str | None) -> str:
    """The text with one entry set, at its old place or at the end, or taken out."""
    new = [] if reading is None else [_line(word, reading)]
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if word not in entries_of(line):
            lines.append(line)
        else:
            lines += new
            new = []
    if new and lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines, *new])


def _line(word: str, reading: str) -> str:
    return yaml.safe_dump({word: reading}, allow_unicode=True, width=1_000_000)
