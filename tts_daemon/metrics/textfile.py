"""Figures in a file, for node_exporter's textfile collector."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from tts_daemon.metrics.prometheus import of_player, of_process
from tts_daemon.ports import Snapshot

log = logging.getLogger(__name__)

EVERY_S = 15.0
READABLE_BY_ALL = 0o644


class Textfile:
    """Writes the file again and again: its age tells whether the daemon lives."""

    def __init__(
        self, path: Path, snapshot: Callable[[], Snapshot], every_s: float = EVERY_S
    ) -> None:
        """Prepare.

        Args:
            path: The file; its directory must exist.
            snapshot: The player at this moment.
            every_s: Time from one writing to the next.
        """
        self._path = path
        self._snapshot = snapshot
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="textfile", daemon=True)
        self._warned = False

    def start(self) -> None:
        """Write, and go on writing."""
        self._thread.start()

    def stop(self) -> None:
        """Take the file away: figures of a daemon that has ended are not the present."""
        self._stopping.set()
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            self._try_to_write()
            if self._stopping.wait(self._every_s):
                return

    def _try_to_write(self) -> None:
        """A full disk must not end the speech."""
        try:
            self._write()
        except OSError as error:
            if not self._warned:
                log.warning("metrics.textfile: %s cannot be written: %s", self._path, error)
            self._warned = True
        else:
            self._warned = False

    def _write(self) -> None:
        # In one step: the collector must never read half a file.
        new = self._path.with_name(f".{self._path.name}.new")
        new.write_text("\n".join([*of_player(self._snapshot()), *of_process(), ""]))
        new.chmod(READABLE_BY_ALL)
        new.replace(self._path)
