"""Doors whose address cannot be had yet: they wait and try again, and the others work meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from tts_daemon.errors import DoorShutError
from tts_daemon.service.doors import Door, PlannedDoor

log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 30.0


class OpenDoors:
    """Owns the doors that are open and those that are still tried. For the main thread.

    Args:
        report: Told what is wrong with a door, by name; empty: nothing any more.
        retry_s: Time until the first further attempt.
    """

    def __init__(self, report: Callable[[str, str], None], retry_s: float = FIRST_RETRY_S) -> None:
        self._report = report
        self._retry_s = retry_s
        self._open: list[Door] = []
        self._ending = threading.Event()
        self._waiting: list[threading.Thread] = []
        self._lock = threading.Lock()

    def open(self, planned: PlannedDoor) -> None:
        """Open a door, now or as soon as it can be. Raises SettingsError for wrong settings."""
        try:
            self._start(planned)
        except DoorShutError as error:
            log.warning("%s; trying again until it is there, the other doors work", error)
            self._report(planned.name, str(error))
            thread = threading.Thread(
                target=self._try_again, args=(planned,), name=f"open {planned.name}", daemon=True
            )
            self._waiting.append(thread)
            thread.start()

    def close(self) -> None:
        """Give up those that are shut, and close the others, the newest first."""
        self._ending.set()
        for thread in self._waiting:
            thread.join()
        with self._lock:
            doors, self._open = self._open, []
        for door in reversed(doors):
            door.stop()

    def _try_again(self, planned: PlannedDoor) -> None:
        wait_s = self._retry_s
        while not self._ending.wait(wait_s):
            wait_s = min(2 * wait_s, LONGEST_RETRY_S)
            try:
                self._start(planned)
            except DoorShutError as error:
                self._report(planned.name, str(error))
            except Exception:
                log.exception("%s: cannot be opened", planned.name)
                return
            else:
                self._report(planned.name, "")
                return

    def _start(self, planned: PlannedDoor) -> None:
        door = planned.make()
        try:
            door.start()
        except BaseException:
            door.stop()
            raise
        with self._lock:
            self._open.append(door)
