"""The file of the journal: opened for one process alone, told from strangers, and made anew.

Only what SQLite itself calls corrupt or no database is ever set aside. Whatever else is wrong (a
full disk, a wrong owner, another process, another program's file, a newer version) leaves the file
as it is.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import stat
from pathlib import Path

from tts_daemon.errors import JournalError
from tts_daemon.playback._journal_rows import Row, checked
from tts_daemon.playback._journal_salvage import salvage

VERSION = 1
"""In `user_version`, and once more among the settings: a damaged header is no newer version."""
APPLICATION_ID = 0x74747364
PAGE_BYTES = 1024
"""Small: every accepted request writes at least one page through to the memory card."""
_LOG_BYTES = 1 << 20
"""What is kept of the write-ahead log once it was folded into the file."""
_LOCKED_S = 1.0

_COLUMNS = {
    "serial": "INTEGER PRIMARY KEY",
    "id": "TEXT NOT NULL",
    "fingerprint": "INTEGER NOT NULL",
    "request": "TEXT NOT NULL",
    "accepted_s": "REAL NOT NULL",
    "boot": "TEXT NOT NULL",
    "boot_s": "REAL NOT NULL",
    "state": "TEXT NOT NULL",
    "begun": "INTEGER NOT NULL DEFAULT 0",
    "ending": "TEXT NOT NULL DEFAULT ''",
    "checksum": "INTEGER NOT NULL DEFAULT 0",
}
_FIRST_COLUMNS = list(_COLUMNS)[:8]
"""Those of files without a version."""
_SCHEMA = f"""
CREATE TABLE utterances ({", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())});
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
INSERT = f"INSERT OR IGNORE INTO utterances VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
REMEMBER = "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)"

_CORRUPT = frozenset(
    (
        sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG,
    )
)  # fmt: skip
"""SQLITE_ERROR: our own statements fail only where the schema is not what we wrote."""

log = logging.getLogger(__name__)


class DamagedJournalError(JournalError):
    """SQLite calls the file corrupt, or no database."""


def open_journal(path: Path) -> sqlite3.Connection:
    """Open or create the file; nobody else opens it until it is closed.

    Raises:
        DamagedJournalError: It may be replaced, by `replace_damaged`.
        JournalError: It cannot be used now, or is not ours.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_kind(path)
        database = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=_LOCKED_S
        )
    except (OSError, sqlite3.Error) as error:
        raise JournalError(f"cannot be opened: {error}") from error
    try:
        _prepare(database)
        if database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,):
            _check_header(path)
    except Exception as error:
        database.close()
        raise _explained(error, path) from error
    return database


def sync_log(path: Path) -> None:
    """Write through to the disk what was committed. Raises OSError.

    By a descriptor of our own, so that others may commit meanwhile; SQLite holds no lock on the log
    that closing this could drop.
    """
    log = os.open(f"{path}-wal", os.O_RDONLY)
    try:
        os.fsync(log)
    finally:
        os.close(log)


def why_not_ours(path: Path) -> str:
    """Why a path cannot be a journal of ours, whatever else may happen; empty when it can be."""
    try:
        _check_kind(path)
        with path.open("rb") as file:
            header = file.read(100)
    except JournalError as error:
        return str(error)
    except OSError:
        return ""
    if header and not header.startswith(b"SQLite format 3\0"):
        return "holds something else; give the journal a path of its own"
    if int.from_bytes(header[68:72], "big") in (0, APPLICATION_ID):
        return ""
    return "belongs to another program; give the journal a path of its own"


def rows_of(database: sqlite3.Connection) -> tuple[list[Row], int]:
    """The rows that can be believed, in the order of acceptance; and the number of the others.

    Raises:
        DamagedJournalError: SQLite cannot read them.
        JournalError: They cannot be read now.
    """
    try:
        found = database.execute("SELECT * FROM utterances ORDER BY serial").fetchall()
    except Exception as error:
        raise _explained(error, None) from error
    rows = [checked(values) for values in found]
    bad = [values[0] for values, row in zip(found, rows, strict=True) if row is None]
    with contextlib.suppress(sqlite3.Error):
        database.executemany("DELETE FROM utterances WHERE serial IS ?", [(key,) for key in bad])
    return [row for row in rows if row is not None], len(bad)


def replace_damaged(path: Path) -> tuple[list[Row], Path]:
    """Put a whole file in the place of a damaged one, with every row that the old one yields.

    The new file is complete before the old one is touched.

    Returns:
        The rows, and where the damaged file lies now.

    Raises:
        JournalError: There is no room for it, or no right.
    """
    rows, settings = _salvaged(path)
    aside, new = Path(f"{path}.damaged"), Path(f"{path}.new")
    try:
        new.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(new, isolation_level="IMMEDIATE")) as database:
            database.execute(f"PRAGMA page_size={PAGE_BYTES}")
            _create(database)
            database.executemany(INSERT, [row.values for row in rows])
            database.executemany(REMEMBER, settings.items())
            database.commit()
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{path}{suffix}", f"{aside}{suffix}")  # noqa: PTH105
        new.replace(path)
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise JournalError(f"is damaged, and cannot be replaced: {error}") from error
    return rows, aside


def _salvaged(path: Path) -> tuple[list[Row], dict[str, str]]:
    rows: dict[int, Row] = {}
    settings: dict[str, str] = {}
    try:
        for values in salvage(path, PAGE_BYTES):
            if len(values) == 2 and all(isinstance(value, str) for value in values):
                settings[str(values[0])] = str(values[1])
            elif row := checked(values):
                rows[row.serial] = row
    except OSError as error:
        raise JournalError(f"is damaged, and cannot be read: {error}") from error
    settings["version"] = str(VERSION)
    return [rows[serial] for serial in sorted(rows)], settings


def _check_kind(path: Path) -> None:
    """Refuse what is no ordinary file: opening a FIFO would wait for ever."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise JournalError("is a directory; name a file in it")
    if not stat.S_ISREG(mode):
        raise JournalError("is no ordinary file; give the journal a path of its own")


def _prepare(database: sqlite3.Connection) -> None:
    # Whatever the bytes are: a row that is no text any more is found by its checksum.
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    database.execute(f"PRAGMA page_size={PAGE_BYTES}")
    # One journal, one daemon. It also needs no shared memory: a mapped file on a full disk of small
    # blocks ends the process with SIGBUS.
    database.execute("PRAGMA locking_mode=EXCLUSIVE")
    is_new = _check_owner(database)
    if not is_new:
        (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedJournalError(f"is damaged: {verdict}")
    database.execute("PRAGMA journal_mode=WAL")
    # Folding the log into the file waits for the disk: the journal decides when.
    database.execute("PRAGMA wal_autocheckpoint=0")
    database.execute(f"PRAGMA journal_size_limit={_LOG_BYTES}")
    database.execute("BEGIN IMMEDIATE")
    if is_new:
        _create(database)
    else:
        _migrate(database)
    database.execute("COMMIT")


def _check_owner(database: sqlite3.Connection) -> bool:
    """Whether the file is still empty. Raises JournalError: it is a stranger's, or newer."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    (owner,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if not tables and owner == 0:
        return True
    # One damaged place must not make a stranger's file of ours: two have to say so.
    if "utterances" not in tables and owner != APPLICATION_ID:
        raise JournalError("belongs to another program; give the journal a path of its own")
    if version > VERSION and _setting(database, "version") != str(VERSION):
        raise JournalError(
            f"was written by a newer version (schema {version}, this one knows {VERSION}); it is "
            "left untouched"
        )
    return False


def _setting(database: sqlite3.Connection, name: str) -> str | None:
    try:
        row = database.execute("SELECT value FROM settings WHERE name=?", (name,)).fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None


def _create(database: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";"):
        database.execute(statement)
    _sign(database)


def _migrate(database: sqlite3.Connection) -> None:
    """Bring a file of an earlier version, or one whose header is damaged, to this one."""
    columns = [row[1] for row in database.execute("PRAGMA table_info(utterances)")]
    settings = [row[1] for row in database.execute("PRAGMA table_info(settings)")]
    if columns == _FIRST_COLUMNS:
        for name in list(_COLUMNS)[8:]:
            database.execute(f"ALTER TABLE utterances ADD COLUMN {name} {_COLUMNS[name]}")
    elif columns != list(_COLUMNS) or settings != ["name", "value"]:
        raise DamagedJournalError("is damaged: its schema is not what was written")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version != VERSION or columns == _FIRST_COLUMNS:
        _sign(database)


def _sign(database: sqlite3.Connection) -> None:
    database.execute(f"PRAGMA application_id={APPLICATION_ID}")
    database.execute(f"PRAGMA user_version={VERSION}")
    database.execute(REMEMBER, ("version", str(VERSION)))


def _explained(error: Exception, path: Path | None) -> JournalError:
    if isinstance(error, JournalError):
        return error
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # Not SQLite's: Python cannot make values of what the file holds.
        is_damaged = not isinstance(error, OSError | MemoryError)
    else:
        is_damaged = code & 0xFF in _CORRUPT or (
            code & 0xFF == sqlite3.SQLITE_READONLY and path is not None and _has_wrong_header(path)
        )
    if is_damaged:
        return DamagedJournalError(f"is damaged: {error}")
    return JournalError(f"cannot be opened: {error}")


def _check_header(path: Path) -> None:
    """Refuse a file of ours that SQLite reads and silently does not write, for its header."""
    if _has_wrong_header(path):
        raise DamagedJournalError("is damaged: its header says that it cannot be written")


def _has_wrong_header(path: Path) -> bool:
    """Whether SQLite thinks it read-only for what it says of itself, not for who may write it."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return os.access(path, os.W_OK) and file.read(20)[18:19] not in (b"", b"\1", b"\2")
    return False


def decoded(value: str | None) -> object:
    """A kept value; None where it is none that can be read."""
    if value is None:
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
