"""Where log lines go: to the journal with fields, or to standard error for people."""

from __future__ import annotations

import copy
import logging
import os
import sys
from collections import deque
from collections.abc import Mapping
from typing import TextIO

from tts_daemon.printable import printable

log = logging.getLogger("tts_daemon")

_KEPT_LINES = 300
_TIMED = "%(asctime)s %(levelname)-7s %(message)s"

_SYSLOG_LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))


def configure(level: str, variables: Mapping[str, str] | None = None) -> None:
    """Send the project's messages of `level` and above to the best place there is; once."""
    handler = _handler(os.environ if variables is None else variables)
    for old in list(log.handlers):
        log.removeHandler(old)
    log.addHandler(handler)
    log.addHandler(_recent)
    log.propagate = False
    set_level(level)


def newest() -> list[str]:
    """The newest lines of this process, the oldest first."""
    return list(_recent.lines)


def set_level(level: str) -> None:
    """Least urgent message that is logged from now on."""
    log.setLevel(level.upper())


def _handler(variables: Mapping[str, str]) -> logging.Handler:
    if not _is_journal(variables):
        handler = logging.StreamHandler(_own_standard_error())
        handler.setFormatter(SafeFormatter(_TIMED))
        return handler
    try:
        from systemd.journal import JournalHandler
    except ImportError:
        plain = logging.StreamHandler(_own_standard_error())
        plain.setFormatter(SyslogPrefix("%(message)s"))
        return plain
    journal: logging.Handler = JournalHandler(SYSLOG_IDENTIFIER="tts-daemon")
    journal.setFormatter(SafeFormatter("%(message)s"))
    return journal


def _own_standard_error() -> TextIO:
    """A copy of standard error, which stays ours.

    While sounddevice looks for devices it points the original at /dev/null, to hide what ALSA
    writes there: lines of other threads would be lost.
    """
    try:
        return os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        # Not a file at all, as in tests.
        return sys.stderr


def _is_journal(variables: Mapping[str, str]) -> bool:
    """Whether our own standard error is the journal: the variable alone may be inherited."""
    try:
        stream = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return variables.get("JOURNAL_STREAM") == f"{stream.st_dev}:{stream.st_ino}"


class SafeFormatter(logging.Formatter):
    """Lets nobody forge a line: a message is one line, and those of a traceback are indented."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, with all that cannot be seen written out."""
        safe = copy.copy(record)
        safe.msg, safe.args, safe.exc_text = printable(record.getMessage()), None, None
        first, *further = super().format(safe).split("\n")
        return "\n".join([first, *(f"    {printable(line)}" for line in further)])


class SyslogPrefix(SafeFormatter):
    """Begins every line with the level as the journal reads it from a pipe: `<4>`."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, each line with its level."""
        level = next(code for least, code in _SYSLOG_LEVELS if record.levelno >= least)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).split("\n"))


class RecentLines(logging.Handler):
    """Remembers the newest lines, for those who cannot read the journal."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(SafeFormatter(_TIMED))
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Remember one."""
        self.lines.append(self.format(record))


_recent = RecentLines()
