"""Where log lines go: to the journal with fields, or to standard error for people."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

log = logging.getLogger("tts_daemon")

_SYSLOG_LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))


def configure(level: str, variables: Mapping[str, str] | None = None) -> None:
    """Send the project's messages of `level` and above to the best place there is."""
    handler = _handler(os.environ if variables is None else variables)
    for old in list(log.handlers):
        log.removeHandler(old)
    log.addHandler(handler)
    log.setLevel(level.upper())
    log.propagate = False


def _handler(variables: Mapping[str, str]) -> logging.Handler:
    if not _is_journal(variables):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
        return handler
    try:
        from systemd.journal import JournalHandler
    except ImportError:
        plain = logging.StreamHandler(sys.stderr)
        plain.setFormatter(SyslogPrefix("%(message)s"))
        return plain
    journal: logging.Handler = JournalHandler(SYSLOG_IDENTIFIER="tts-daemon")
    return journal


def _is_journal(variables: Mapping[str, str]) -> bool:
    """Whether our own standard error is the journal: the variable alone may be inherited."""
    try:
        stream = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return variables.get("JOURNAL_STREAM") == f"{stream.st_dev}:{stream.st_ino}"


class SyslogPrefix(logging.Formatter):
    """Begins every line with the level as the journal reads it from a pipe: `<4>`."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, each line with its level."""
        level = next(code for least, code in _SYSLOG_LEVELS if record.levelno >= least)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).splitlines())
