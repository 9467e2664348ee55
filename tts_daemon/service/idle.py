"""What is done when nobody has wanted anything for a while: memory goes back to the system."""

from __future__ import annotations

import threading
from collections.abc import Callable

QUIET_S = 30.0


class IdleCare:
    """Calls `care` once after every busy time, when it has been quiet for long enough.

    Args:
        care: What to do.
        used_s: Processor time used so far.
        quiet_s: How long nothing must have happened.
    """

    def __init__(
        self, care: Callable[[], None], used_s: Callable[[], float], quiet_s: float = QUIET_S
    ) -> None:
        self._care = care
        self._used = used_s
        self._quiet_s = quiet_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="idle", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        before, cared = self._used(), -1.0
        while not self._ending.wait(self._quiet_s):
            now = self._used()
            if now - before < _REST_S and now - cared > _REST_S:
                self._care()
                cared = self._used()
            before = now


_REST_S = 0.5
"""Processor time that even a daemon at rest may use meanwhile."""
