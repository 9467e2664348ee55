"""Whether the sound device is gone, and when it is tried again."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)

_FIRST_S = 1.0
_MOST_S = 30.0


class Outage:
    """Each wait is twice as long as the one before. Times are on the monotonic clock."""

    def __init__(self) -> None:
        self._wait_s: float | None = None
        self.retry_at_s = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the device was gone when last looked for."""
        return self._wait_s is not None

    def is_over_by(self, now_s: float) -> bool:
        """Whether the device may be tried."""
        return now_s >= self.retry_at_s

    def begin(self, reason: str, now_s: float) -> None:
        """The device is gone, or still gone."""
        if self._wait_s is None:
            log.warning("no sound: %s; trying again until it is back", reason)
        self._wait_s = min(_MOST_S, (self._wait_s or _FIRST_S / 2) * 2)
        self.retry_at_s = now_s + self._wait_s

    def end(self) -> None:
        """The device works."""
        if self._wait_s is not None:
            log.info("the sound device is back")
        self._wait_s, self.retry_at_s = None, 0.0
