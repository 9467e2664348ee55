"""Hours in which less than important speech is softer, or silent."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from tts_daemon import checks
from tts_daemon.domain import Priority
from tts_daemon.errors import InvalidRequestError, SettingsError
from tts_daemon.requests import field, nearest
from tts_daemon.settings.schema import QuietHoursSettings, Settings

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def check(settings: Settings) -> None:
    """Raise SettingsError for a time that is none."""
    QuietHours(settings.quiet_hours)


def changed_hours(hours: QuietHoursSettings, fields: Mapping[str, Any]) -> QuietHoursSettings:
    """Quiet hours with some fields changed. Raises InvalidRequestError that names the field."""
    known = asdict(hours)
    for name in fields:
        if name not in known:
            raise InvalidRequestError(f"quiet_hours.{name:.40}: unknown{nearest(name, known)}")
    wanted = known | dict(fields)
    percent = partial(checks.number, least=0, most=100, unit="percent")
    changed = QuietHoursSettings(
        start=field("quiet_hours.start", checks.text, wanted["start"]),
        end=field("quiet_hours.end", checks.text, wanted["end"]),
        volume=field("quiet_hours.volume", percent, wanted["volume"]),
    )
    try:
        QuietHours(changed)
    except SettingsError as error:
        raise InvalidRequestError(str(error)) from None
    return changed


def local_minute() -> int:
    """The time of day on this machine, 0 to 1439."""
    # The C library reads the time zone once; a fresh Pi is told its own after the start.
    time.tzset()
    now = time.localtime()
    return 60 * now.tm_hour + now.tm_min


class QuietHours:
    """The quiet hours of one configuration, in the time zone of the machine."""

    def __init__(
        self, settings: QuietHoursSettings, minute_of_day: Callable[[], int] = local_minute
    ) -> None:
        """Read the times.

        Args:
            settings: Section of the configuration.
            minute_of_day: Tells the time, 0 to 1439.

        Raises:
            SettingsError: A time that is none.
        """
        self._start = _minute("start", settings.start) if settings.start else None
        self._end = _minute("end", settings.end)
        self._gain = settings.volume / 100
        self._minute_of_day = minute_of_day

    def gain(self, priority: Priority) -> float:
        """Factor on the amplitude of an utterance that begins now; 0: it is not to be spoken."""
        if self._start is None or priority is Priority.IMPORTANT:
            return 1.0
        since_start = (self._minute_of_day() - self._start) % 1440
        is_quiet = since_start < (self._end - self._start) % 1440
        return self._gain if is_quiet else 1.0


def _minute(key: str, text: str) -> int:
    found = _TIME.fullmatch(text)
    if not found:
        raise SettingsError(
            f'quiet_hours.{key}: {text!r} is not a time of day, such as "22:00" in quotes'
        )
    return 60 * int(found[1]) + int(found[2])
