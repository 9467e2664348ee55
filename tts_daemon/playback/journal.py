"""Keeps accepted requests over a crash: an SQLite file of what was accepted, begun and ended.

What is promised: when `accept` returns, the request survives the end of the process and of the
power (WAL mode; `synchronous=FULL` writes the log through to the disk). A door that accepts many at
once has them written through by one `flush`, before it promises anything to their senders. That an
utterance was begun or has ended is written with `synchronous=NORMAL` and never waited for: a power
cut (or a kill within the same few milliseconds) may forget it, and the utterance is spoken once
more. So a word may come twice after a power cut, but is never lost, and a memory card has to write
through once per utterance, not three times.

A file that cannot be read is set aside with a warning, and whatever rows it still yields are kept.
A disk that cannot be written costs one warning; speech goes on.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tts_daemon.clock import Clock, SystemClock
from tts_daemon.domain import Policy, Priority, SpeakRequest
from tts_daemon.playback._queue import Utterance, fingerprint

_logger = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS utterances (
    serial INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    fingerprint INTEGER NOT NULL,
    request TEXT NOT NULL,
    accepted_s REAL NOT NULL,
    boot TEXT NOT NULL,
    boot_s REAL NOT NULL,
    state TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_INSERT = "INSERT INTO utterances VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_REMEMBER = "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)"
_SELECT = "SELECT * FROM utterances ORDER BY serial"
_PAGE_BYTES = 1024
"""Small: every accepted request writes at least one page through to the memory card."""

_KEPT_IDS = 1000
_TIDY_EVERY = 200
_MOST_NOTES = 10000
"""Kept while the disk is full; the oldest make room."""
_WARN_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier process left.

    Attributes:
        waiting: Not yet begun, in the order of acceptance.
        interrupted: Begun but not ended.
        ids: (id, fingerprint) of the newest accepted requests, the oldest first.
    """

    waiting: tuple[Utterance, ...] = ()
    interrupted: tuple[Utterance, ...] = ()
    ids: tuple[tuple[str, int], ...] = ()


class Journal:
    """The file. Safe to use from any thread.

    Args:
        path: The SQLite file; None keeps everything in memory.
        clock: Whose time tells how old a request is.
    """

    def __init__(self, path: Path | None = None, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._boot = _boot_id()
        self._next_serial = 1
        self._notes: deque[tuple[str, tuple[Any, ...]]] = deque(maxlen=_MOST_NOTES)
        self._is_kept = False
        self._is_flushed = True
        self._has_warned = False
        self._warn_again_s = -math.inf
        self._database: sqlite3.Connection | None = None

    @property
    def lasting(self) -> bool:
        """Whether the newest request that was accepted is found again by the next process."""
        return self._path is not None and self._is_kept

    def open(self) -> Remembered:
        """Open or create the file, and say what an earlier process left."""
        with self._lock:
            rows = self._open_database()
            remembered = self._remembered(rows)
            self._next_serial = max((row[0] for row in rows), default=0) + 1
            self._is_kept = self._database is not None
        return remembered

    def accept(self, request: SpeakRequest, *, lasting: bool = True) -> int:
        """Write a request down.

        Args:
            request: What was accepted.
            lasting: Through to the disk; else it survives the end of the process, and that of the
                power after the next `flush`.

        Returns:
            Its serial number; larger than every one before.
        """
        with self._lock:
            serial, self._next_serial = self._next_serial, self._next_serial + 1
            synchronous = "FULL" if lasting else "NORMAL"
            self._is_kept = self._write(_INSERT, self._row(serial, request), synchronous)
            self._is_flushed = lasting
            if self._is_kept and self._has_warned:
                self._has_warned = False
                _logger.info("queue journal %s is written again", self._path)
            if serial % _TIDY_EVERY == 0:
                self._tidy()
        self._write_notes()
        return serial

    def flush(self) -> None:
        """Write through to the disk: the log is one file, so its newest record takes all along."""
        with self._lock:
            if not self._is_flushed:
                self._is_flushed = self._write(_REMEMBER, ("flushed", self._boot), "FULL")
        self._write_notes()

    def begin(self, serial: int) -> None:
        """Note that an utterance is being spoken."""
        self._note("UPDATE utterances SET state='begun' WHERE serial=?", serial)

    def wait_again(self, serial: int) -> None:
        """Note that an utterance which was begun waits again."""
        self._note("UPDATE utterances SET state='waiting' WHERE serial=?", serial)

    def end(self, serial: int) -> None:
        """Note that an utterance has had its final event; its id is remembered for a while."""
        self._note("UPDATE utterances SET state='ended', request='' WHERE serial=?", serial)

    def remember(self, name: str, value: str) -> None:
        """Keep a value, such as the volume, for the next process."""
        self._note(_REMEMBER, name, value)

    def recall(self, name: str) -> str | None:
        """A value that was kept; None when there is none."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            if self._database is not None:
                sql = "SELECT value FROM settings WHERE name=?"
                row = self._database.execute(sql, (name,)).fetchone()
                return None if row is None else str(row[0])
        return None

    def close(self) -> None:
        """Close the file."""
        self._write_notes()
        with self._lock, contextlib.suppress(sqlite3.Error):
            if self._database is not None:
                self._tidy()
                self._database.close()
                self._database = None

    def _note(self, sql: str, *values: Any) -> None:
        """Write soon, and before this returns unless another thread is just writing.

        Never waits for the disk: whoever has the disk's attention writes our note too. The worker
        and a stop must not stand in line behind the slow writing of an accepted request.
        """
        self._notes.append((sql, values))
        self._write_notes()

    def _write_notes(self) -> None:
        while self._notes and self._lock.acquire(blocking=False):
            try:
                while self._notes:
                    sql, values = self._notes[0]
                    if not self._write(sql, values, "NORMAL"):
                        # Later, with the next one: without it, the next process would speak again
                        # what was spoken.
                        return
                    self._notes.popleft()
            finally:
                self._lock.release()

    def _row(self, serial: int, request: SpeakRequest) -> tuple[Any, ...]:
        text = json.dumps(asdict(request), ensure_ascii=True)
        now = (self._clock.wall_s(), self._boot, self._clock.monotonic_s())
        return (serial, request.id, fingerprint(request), text, *now, "waiting")

    def _write(self, sql: str, values: tuple[Any, ...], synchronous: str) -> bool:
        if self._database is None:
            return False
        try:
            self._database.execute(f"PRAGMA synchronous={synchronous}")
            self._database.execute(sql, values)
        except sqlite3.Error as error:
            self._warn(error)
            return False
        return True

    def _warn(self, error: Exception) -> None:
        """Once: on a disk that is nearly full, short requests may find room and long ones not."""
        if self._clock.monotonic_s() < self._warn_again_s:
            return
        self._warn_again_s = self._clock.monotonic_s() + _WARN_EVERY_S
        self._has_warned = True
        _logger.warning(
            "queue journal %s cannot be written (%s); speech goes on, but what waits would be lost "
            "in a crash: make room on the disk",
            self._path,
            error,
        )

    def _tidy(self) -> None:
        """Forget what ended long ago, and fold the log into the file."""
        oldest = self._next_serial - _KEPT_IDS
        self._write(
            "DELETE FROM utterances WHERE state='ended' AND serial < ?", (oldest,), "NORMAL"
        )
        self._write("PRAGMA wal_checkpoint(PASSIVE)", (), "FULL")

    def _open_database(self) -> list[tuple[Any, ...]]:
        """Open the file, replacing it when it is damaged; its rows, in the order of acceptance."""
        try:
            self._database = self._connect()
            return self._rows(self._database)
        except (sqlite3.Error, OSError) as error:
            return self._replace_damaged(error)

    def _connect(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(
            self._path or ":memory:", isolation_level=None, check_same_thread=False, timeout=1
        )
        try:
            database.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            database.execute("PRAGMA journal_mode=WAL")
            # Folding the log into the file waits for the disk: only `_tidy` may do it.
            database.execute("PRAGMA wal_autocheckpoint=0")
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
            database.executescript(_SCHEMA)
        except sqlite3.Error:
            database.close()
            raise
        return database

    @staticmethod
    def _rows(database: sqlite3.Connection) -> list[tuple[Any, ...]]:
        rows = database.execute(_SELECT).fetchall()
        for row in rows:
            if row[-1] != "ended":
                _request(row[3])
        return rows

    def _replace_damaged(self, error: Exception) -> list[tuple[Any, ...]]:
        if self._database is not None:
            self._database.close()
            self._database = None
        rows = self._salvage()
        try:
            aside = self._set_aside()
            self._database = self._connect()
            for row in rows:
                self._write(_INSERT, row, "FULL")
        except (sqlite3.Error, OSError) as second:
            _logger.warning(
                "queue journal %s cannot be used (%s); what waits would be lost in a crash",
                self._path,
                second,
            )
            return rows
        _logger.warning(
            "queue journal %s was damaged (%s): set aside as %s, %d requests recovered",
            self._path,
            error,
            aside,
            sum(row[-1] != "ended" for row in rows),
        )
        return rows

    def _salvage(self) -> list[tuple[Any, ...]]:
        """The rows that a damaged file still yields."""
        rows: list[tuple[Any, ...]] = []
        with contextlib.suppress(sqlite3.Error, OSError):
            for row in self._read_damaged():
                if row[-1] == "ended" or _is_request(row[3]):
                    rows.append(row)
        return rows

    def _read_damaged(self) -> Iterator[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as damaged:
            yield from damaged.execute(_SELECT)

    def _set_aside(self) -> str:
        aside = f"{self._path}.damaged"
        for suffix in ("", "-wal", "-shm"):
            old = Path(f"{self._path}{suffix}")
            if old.exists():
                old.replace(f"{aside}{suffix}")
        return aside

    def _remembered(self, rows: list[tuple[Any, ...]]) -> Remembered:
        found: dict[str, list[Utterance]] = {"waiting": [], "begun": []}
        for row in rows:
            if row[-1] in found:
                found[row[-1]].append(self._utterance(row))
        ids = tuple((row[1], row[2]) for row in rows[-_KEPT_IDS:])
        return Remembered(tuple(found["waiting"]), tuple(found["begun"]), ids)

    def _utterance(self, row: tuple[Any, ...]) -> Utterance:
        serial, _, _, text, accepted_s, boot, boot_s, _ = row
        request = _request(text)
        # A boot without a name cannot be told from another one.
        if boot and boot == self._boot:
            age_s = self._clock.monotonic_s() - boot_s
        else:
            # A machine without a battery-backed clock may believe it is the past: age 0 then.
            age_s = max(0.0, self._clock.wall_s() - accepted_s)
        now_s = self._clock.monotonic_s()
        deadline_s = None if request.ttl_s is None else now_s + request.ttl_s - age_s
        return Utterance(request, serial, deadline_s)


def _request(text: str) -> SpeakRequest:
    """Rebuild a request from its row.

    Raises:
        sqlite3.DatabaseError: The row is not one of ours, so the file is damaged.
    """
    try:
        values = json.loads(text)
        values["priority"] = Priority(values["priority"])
        values["policy"] = Policy(values["policy"])
        return SpeakRequest(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise sqlite3.DatabaseError(f"not a request: {error}") from error


def _is_request(text: str) -> bool:
    try:
        _request(text)
    except sqlite3.DatabaseError:
        return False
    return True


def _boot_id() -> str:
    """Name of this run of the machine; empty where the kernel gives none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
