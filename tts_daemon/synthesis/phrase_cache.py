"""Finished clauses, kept for the next time: a phrase that comes again is heard at once."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tts_daemon.domain import INNER_PAUSES, Clause
from tts_daemon.runtime.engine import Floats

_OVERHEAD_BYTES = 512
"""What an entry costs beside its samples: key, list, arrays."""


def phrase_key(voice: str, clause: Clause) -> bytes:
    """A name for the sound of a clause: two clauses that may sound different differ in it.

    Args:
        voice: Fingerprint of the loaded voice, not its name: it may be installed anew.
        clause: Its symbols count, not its text, so that a changed lexicon changes the key.
    """
    # Volume is applied at playback, and a chime is no part of the clause.
    style = replace(clause.style, voice="", volume=100.0, chime="")
    # A pause after the clause is no part of it either, unless it cuts the clause's own silence.
    ends = INNER_PAUSES.intersection(clause.pauses[-1:])
    heard = (clause.symbols, clause.pauses[:-1], ends, clause.kind, clause.question)
    return hashlib.sha256(repr((voice, style, heard)).encode()).digest()


@dataclass(slots=True)
class _Entry:
    """One clause: its pieces in order, and whether it is kept whatever else is spoken."""

    pieces: tuple[Floats, ...]
    size_bytes: int
    kept: bool


class PhraseCache:
    """Holds the newest clauses, up to a number of bytes. Safe to use from any thread."""

    def __init__(self, limit_bytes: int) -> None:
        """Take the limit; 0 keeps nothing."""
        self._limit_bytes = limit_bytes
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self.size_bytes = 0

    def find(self, key: bytes, *, keep: bool = False) -> tuple[Floats, ...] | None:
        """The pieces of a clause that was recorded, read-only; None where it was not.

        Args:
            key: From `phrase_key`.
            keep: From now on it is dropped for nothing else.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            entry.kept |= keep
            return entry.pieces

    def record(
        self, key: bytes, pieces: Iterator[Floats], *, keep: bool = False
    ) -> Iterator[Floats]:
        """Hand the pieces on as they come, and keep them once they are complete."""
        recorded: list[Floats] = []
        size_bytes = _OVERHEAD_BYTES
        for piece in pieces:
            size_bytes += piece.nbytes
            if size_bytes <= self._limit_bytes:
                recorded.append(_frozen(piece))
            else:
                recorded.clear()
            yield piece
        if size_bytes <= self._limit_bytes:
            self._store(key, _Entry(tuple(recorded), size_bytes, keep))

    def release(self) -> None:
        """Nothing is kept for its own sake any more: the list of phrases has changed."""
        with self._lock:
            for entry in self._entries.values():
                entry.kept = False

    def _store(self, key: bytes, entry: _Entry) -> None:
        with self._lock:
            known = self._entries.pop(key, None)
            if known is not None:
                self.size_bytes -= known.size_bytes
                entry.kept |= known.kept
            self._make_room(self._limit_bytes - entry.size_bytes)
            if self.size_bytes + entry.size_bytes <= self._limit_bytes:
                self._entries[key] = entry
                self.size_bytes += entry.size_bytes

    def _make_room(self, limit_bytes: int) -> None:
        """Drop the least recently used ones, but none that is kept."""
        for key in [key for key, entry in self._entries.items() if not entry.kept]:
            if self.size_bytes <= limit_bytes:
                return
            self.size_bytes -= self._entries.pop(key).size_bytes


def _frozen(piece: Floats) -> Floats:
    """A copy that nobody can write to, and that is no view of something larger."""
    copy = np.array(piece)
    copy.flags.writeable = False
    return copy
