"""Keeps accepted requests over a crash: an SQLite file of what was accepted, begun and ended.

What is promised: when `accept` returns, the request survives the end of the process; when `flush`
returns, that of the power (WAL mode; the log is written through to the disk). Senders who come
together share one `flush`, and nobody else waits for it. That an utterance was begun or has ended
is a note: it is written with `synchronous=NORMAL` and never waited
for, so that neither the worker nor a stop stands in line behind a slow disk. Its event is told only
when the note is written (`is_written`): what was told once is never spoken again. A power cut may
forget the newest notes; so a word may come twice after it, but is never lost.

A file that SQLite calls corrupt is set aside, and every row it still yields is kept. Where the file
cannot be used at all (a full disk, another process, another owner), everything is kept in memory,
`upkeep` tries again, and what was accepted meanwhile is written as soon as it can be.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_daemon.clock import Clock, SystemClock
from tts_daemon.domain import Event, SpeakRequest
from tts_daemon.errors import JournalError
from tts_daemon.playback import _journal_file as file
from tts_daemon.playback._journal_rows import BEGUN, Row, write_event
from tts_daemon.playback._queue import KEPT_IDS, KnownId, Utterance

log = logging.getLogger(__name__)

_BEGIN = "UPDATE utterances SET state='begun', begun=begun+1 WHERE serial=?"
_FORGIVE = "UPDATE utterances SET begun=max(begun-1, 0) WHERE serial=?"
_WAIT = "UPDATE utterances SET state='waiting', begun=max(begun-1, 0) WHERE serial=?"
_END = "UPDATE utterances SET state='ended', request='', checksum=0, ending=? WHERE serial=?"
_COMPLETE = (
    "UPDATE utterances SET fingerprint=?, request=?, accepted_s=?, boot=?, boot_s=?, checksum=? "
    "WHERE serial=? AND state!='ended'"
)
_TOLD = "UPDATE utterances SET ending='' WHERE serial=?"
_JUMP = "UPDATE utterances SET accepted_s=accepted_s+? WHERE boot=? AND state!='ended'"
_FORGET = "DELETE FROM utterances WHERE state='ended' AND serial < ?"

_TIDY_EVERY = 200
"""Writes after which the log is folded into the file: it stays below a megabyte."""
_JUMP_S = 2.0
"""A difference between wall clock and monotonic clock that is no drift."""
_MOST_NOTES = 10000
"""Kept while the file cannot be written; the oldest make room."""
_RETRY_S = 5.0
_SAY_AGAIN_S = 3600.0

_Note = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier process left.

    Attributes:
        waiting: Not yet begun, in the order of acceptance.
        interrupted: Begun but not ended.
        ids: Those of the newest accepted requests, the oldest first.
        endings: Final events that nobody is known to have, with the serials of their utterances.
    """

    waiting: tuple[Utterance, ...] = ()
    interrupted: tuple[Utterance, ...] = ()
    ids: tuple[KnownId, ...] = ()
    endings: tuple[tuple[int, Event], ...] = ()


class Journal:
    """The file. Safe to use from any thread.

    Args:
        path: The SQLite file; None keeps everything in memory.
        clock: Whose time tells how old a request is.
        retry_s: Time between attempts to open a file that cannot be used.
    """

    def __init__(
        self, path: Path | None = None, clock: Clock | None = None, retry_s: float = _RETRY_S
    ) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._retry_s = retry_s
        self._lock = threading.Lock()
        # Taken before _lock, and held while the disk takes its time.
        self._flushing = threading.Lock()
        self._boot = _boot_id()
        self._offset_s = self._clock.wall_s() - self._clock.monotonic_s()
        self._next_serial = 1
        self._notes: deque[_Note] = deque()
        self._noting = threading.Lock()
        self._noted = self._settled = 0
        self._unsaved: set[int] = set()
        self._settings: dict[str, str] = {}
        self._is_flushed = True
        self._writes = 0
        self._trouble = ""
        self._said_s: dict[str, float] = {}
        self._has_said = False
        self._database: sqlite3.Connection | None = None
        self._ending = threading.Event()
        self._wake = threading.Event()

    # -- state ----------------------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        """Why what waits would be lost in a crash; empty when all is well."""
        return self._trouble

    def keeps(self, serial: int) -> bool:
        """Whether the next process will find a request."""
        return self._path is not None and serial not in self._unsaved

    def is_written(self, ticket: int) -> bool:
        """Whether a note is in the file, or cannot be written now."""
        return self._settled >= ticket

    # -- life -----------------------------------------------------------------------------------

    def open(self) -> Remembered:
        """Open or create the file, and say what an earlier process left.

        Where it cannot be opened, that is said once, and `upkeep` tries again.
        """
        if self._path is None:
            return Remembered()
        with self._lock:
            remembered = self._try_to_open() or Remembered()
            if self._database is None:
                # Far above every number that the file may hold.
                self._next_serial = round(1000 * self._clock.wall_s()) << 8
        return remembered

    def upkeep(self) -> Iterator[Remembered | None]:
        """Open again, write what could not be written, fold the log; until `close`. For one thread.

        Yields:
            After every round what the file held, where it could be opened only now; else None.
        """
        while self._path is not None:
            self._wake.wait(self._retry_s if self._trouble else None)
            self._wake.clear()
            remembered = None
            with self._lock:
                if self._ending.is_set():
                    return
                if self._database is None:
                    remembered = self._try_to_open()
                if self._writes >= _TIDY_EVERY:
                    self._tidy()
            self._write_notes()
            yield remembered

    def close(self) -> None:
        """Write what is left, and close the file."""
        self._follow_clock()
        self._ending.set()
        self._wake.set()
        self._write_notes()
        with self._lock:
            self._tidy()
            if self._database is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._database.close()
            self._database = None
            self._settled = self._noted

    # -- requests -------------------------------------------------------------------------------

    def accept(self, request: SpeakRequest) -> int:
        """Write a request down: it survives the end of the process, and after `flush` of the power.

        Returns:
            Its serial number; larger than every one before.
        """
        self._follow_clock()
        with self._lock:
            serial, self._next_serial = self._next_serial, self._next_serial + 1
            values = Row.of(serial, request, self._now()).values
            # What waits to be written comes first: it may be about the same file's room.
            self._write_all()
            if self._notes or not self._write(file.INSERT, values, "NORMAL"):
                self._unsaved.add(serial)
                self._put_note(file.INSERT, values)
            self._is_flushed = False
        self._write_notes()
        return serial

    def complete(self, serial: int, request: SpeakRequest) -> None:
        """Note the text of a request that was accepted before its text was written."""
        row = Row.of(serial, request, self._now())
        text = (row.fingerprint, row.request, row.accepted_s, row.boot, row.boot_s, row.checksum)
        with self._lock:
            self._is_flushed = False
        self._note(_COMPLETE, *text, serial)

    def _now(self) -> tuple[float, str, float]:
        return (self._clock.wall_s(), self._boot, self._clock.monotonic_s())

    def flush(self) -> None:
        """Write through to the disk: the log is one file, so its newest record takes all along.

        Holds up nobody but those who ask for the same; who asks meanwhile shares the next one.
        """
        with self._flushing:
            self._sync()
        self._write_notes()

    def _sync(self) -> None:
        with self._lock:
            if self._is_flushed or self._path is None or self._database is None:
                return
            self._is_flushed = True
        try:
            file.sync_log(self._path)
        except OSError as error:
            self._is_flushed = False
            self._complain(f"cannot be written through to the disk: {error}")

    def begin(self, serial: int) -> None:
        """Note that an utterance is being spoken."""
        self._note(_BEGIN, serial)

    def wait_again(self, serial: int) -> None:
        """Note that an utterance which was begun waits again."""
        self._note(_WAIT, serial)

    def forgive(self, serial: int) -> None:
        """Note that an utterance is cut off by our own end: that it was begun is not its fault."""
        self._note(_FORGIVE, serial)

    def end(self, serial: int, event: Event | None = None) -> int:
        """Note that an utterance has ended; its id is remembered for a while.

        Args:
            serial: Of the utterance.
            event: Its final event, kept until `told`; None where nobody has to hear of it.

        Returns:
            A ticket for `is_written`.
        """
        return self._note(_END, write_event(event) if event else "", serial)

    def told(self, serial: int) -> None:
        """Note that somebody has the final event."""
        self._note(_TOLD, serial)

    # -- values ---------------------------------------------------------------------------------

    def remember(self, name: str, value: Any) -> None:
        """Keep a value, such as the volume, for the next process."""
        text = json.dumps(value)
        self._settings[name] = text
        self._note(file.REMEMBER, name, text)

    def recall(self, name: str) -> Any:
        """A value that was kept; None when there is none, or none that can be read."""
        return file.decoded(self._settings.get(name))

    def _follow_clock(self) -> None:
        """Put right when requests were accepted, where the machine has learned the time since.

        Without a battery for its clock a Pi wakes up in the past; the next boot goes by wall time.
        """
        offset_s = self._clock.wall_s() - self._clock.monotonic_s()
        jump_s = offset_s - self._offset_s
        if abs(jump_s) > _JUMP_S:
            self._offset_s = offset_s
            if self._boot:
                self._note(_JUMP, jump_s, self._boot)

    # -- notes ----------------------------------------------------------------------------------

    def _note(self, sql: str, *values: Any) -> int:
        """Write soon, and before this returns unless another thread is just writing."""
        ticket = self._put_note(sql, values)
        self._write_notes()
        return ticket

    def _put_note(self, sql: str, values: tuple[Any, ...]) -> int:
        with self._noting:
            self._noted += 1
            if self._path is None:
                self._settled = self._noted
                return self._noted
            self._notes.append((sql, values))
            if len(self._notes) > _MOST_NOTES:
                self._notes.popleft()
            return self._noted

    def _write_notes(self) -> None:
        """Empty the line of notes; never waits: whoever has the disk's attention writes ours."""
        while self._notes and self._lock.acquire(blocking=False):
            try:
                if not self._write_all():
                    return
            finally:
                self._lock.release()
        if self._writes >= _TIDY_EVERY:
            self._wake.set()

    def _write_all(self) -> bool:
        """Write notes under the lock; whether none is left that could not be written."""
        while self._notes:
            sql, values = self._notes[0]
            if not self._write(sql, values, "NORMAL"):
                # Later, with the next one: without it, the next process would speak again what was
                # spoken. Events need not wait for it.
                self._settled = self._noted
                return False
            with self._noting:
                # The oldest may have been dropped to make room in between.
                if self._notes and self._notes[0][1] is values:
                    self._notes.popleft()
                self._settled = max(self._settled, self._noted - len(self._notes))
            if sql == file.INSERT:
                self._unsaved.discard(values[0])
        return True

    def _write(self, sql: str, values: tuple[Any, ...], synchronous: str) -> bool:
        if self._database is None:
            return False
        try:
            self._database.execute(f"PRAGMA synchronous={synchronous}")
            self._database.execute(sql, values)
        except sqlite3.Error as error:
            self._complain(
                f"cannot be written ({error}); speech goes on, but what waits would be lost in a "
                "crash: make room on the disk"
            )
            return False
        self._writes += 1
        self._relieve()
        return True

    def _tidy(self) -> None:
        """Forget what ended long ago, and fold the log into the file."""
        self._writes = 0
        self._write(_FORGET, (self._next_serial - KEPT_IDS,), "NORMAL")
        self._write("PRAGMA wal_checkpoint(TRUNCATE)", (), "FULL")
        self._writes = 0

    # -- opening, and what may be wrong with it -------------------------------------------------

    def _try_to_open(self) -> Remembered | None:
        """Open the file; None, and a complaint, where it cannot be used now."""
        if self._path is None:
            return None
        try:
            rows = self._open_or_replace(self._path)
        except JournalError as error:
            self._complain(f"{error}; speech goes on, but what waits would be lost in a crash")
            return None
        self._relieve()
        self._next_serial = max([self._next_serial, *(row.serial + 1 for row in rows)])
        return self._remembered(rows)

    def _open_or_replace(self, path: Path) -> list[Row]:
        try:
            self._database = file.open_journal(path)
            rows, bad = file.rows_of(self._database)
            self._recall_all(self._database)
        except file.DamagedJournalError as error:
            if self._database is not None:
                self._database.close()
                self._database = None
            rows, aside = file.replace_damaged(path)
            self._database = file.open_journal(path)
            self._recall_all(self._database)
            log.warning(
                "queue journal %s %s: set aside as %s, %d requests recovered",
                path, error, aside, sum(bool(row.request) for row in rows),
            )  # fmt: skip
        else:
            if bad:
                log.warning("queue journal %s: %d requests were damaged", path, bad)
        return rows

    def _recall_all(self, database: sqlite3.Connection) -> None:
        # What was set while the file could not be read is newer.
        with contextlib.suppress(sqlite3.Error):
            kept = dict(database.execute("SELECT name, value FROM settings"))
            self._settings = {**kept, **self._settings}

    def _complain(self, problem: str) -> None:
        """Once an hour: on a disk that is nearly full it comes and goes with every request."""
        if problem == self._trouble:
            return
        self._trouble = problem
        self._wake.set()
        now_s = self._clock.monotonic_s()
        if now_s - self._said_s.get(problem, -math.inf) > _SAY_AGAIN_S:
            self._said_s = {problem: now_s}
            self._has_said = True
            log.warning("queue journal %s %s", self._path, problem)

    def _relieve(self) -> None:
        if self._trouble:
            self._trouble = ""
            if self._has_said:
                self._has_said = False
                log.info("queue journal %s is written again", self._path)

    def _remembered(self, rows: list[Row]) -> Remembered:
        alive = [row for row in rows if row.request]
        return Remembered(
            tuple(self._utterance(row) for row in alive if row.state != BEGUN),
            tuple(self._utterance(row) for row in alive if row.state == BEGUN),
            tuple(row.known_id for row in rows[-KEPT_IDS:]),
            tuple((row.serial, event) for row in rows if (event := row.final_event)),
        )

    def _utterance(self, row: Row) -> Utterance:
        request = row.speak_request
        # A boot without a name cannot be told from another one.
        if row.boot and row.boot == self._boot:
            age_s = self._clock.monotonic_s() - row.boot_s
        else:
            # A machine without a battery-backed clock may believe it is the past: age 0 then.
            age_s = max(0.0, self._clock.wall_s() - row.accepted_s)
        now_s = self._clock.monotonic_s()
        deadline_s = None if request.ttl_s is None else now_s + request.ttl_s - age_s
        return Utterance(request, row.serial, deadline_s, begun=row.begun)


def _boot_id() -> str:
    """Name of this run of the machine; empty where the kernel gives none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
