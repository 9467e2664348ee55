"""When it is quiet, for whom, and how quiet."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tts_daemon.domain import Priority
from tts_daemon.errors import SettingsError
from tts_daemon.settings.loader import load
from tts_daemon.settings.quiet_hours import QuietHours
from tts_daemon.settings.schema import QuietHoursSettings


def gain_at(
    time: str, start: str, end: str, priority: Priority = Priority.TEXT, volume: float = 30
) -> float:
    hour, _, minute = time.partition(":")
    hours = QuietHours(QuietHoursSettings(start, end, volume), lambda: 60 * int(hour) + int(minute))
    return hours.gain(priority)


@pytest.mark.parametrize(
    ("time", "start", "end", "is_quiet"),
    [
        ("21:59", "22:00", "07:00", False),
        ("22:00", "22:00", "07:00", True),
        ("00:00", "22:00", "07:00", True),
        ("06:59", "22:00", "07:00", True),
        ("07:00", "22:00", "07:00", False),
        ("12:15", "12:30", "14:00", False),
        ("12:30", "12:30", "14:00", True),
        ("13:00", "12:30", "14:00", True),
        ("13:15", "12:30", "13:20", True),
        ("14:00", "12:30", "14:00", False),
        ("03:00", "", "07:00", False),
        ("03:00", "8:00", "8:00", False),
    ],
)
def test_the_night_goes_over_midnight(time: str, start: str, end: str, is_quiet: bool) -> None:
    assert gain_at(time, start, end) == (0.3 if is_quiet else 1.0)


@pytest.mark.parametrize("priority", list(Priority))
def test_what_is_important_is_as_loud_as_ever(priority: Priority) -> None:
    expected = 1.0 if priority is Priority.IMPORTANT else 0.0
    assert gain_at("23:00", "22:00", "07:00", priority, volume=0) == expected


@pytest.mark.parametrize("key", ["start", "end"])
@pytest.mark.parametrize("time", ["25:00", "22", "22:60", "ten", "22:00:00"])
def test_a_time_that_is_none_is_refused(tmp_path: Path, key: str, time: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"quiet_hours:\n  {key}: '{time}'\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"quiet_hours\.{key}: '{time}'"):
        load(file, {})


def test_a_time_without_quotes_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("quiet_hours:\n  start: 22:00\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="quotes"):
        load(file, {})


@pytest.mark.parametrize(("minute", "gain"), [(30, 1.0), (31, 0.0), (32, 1.0)])
def test_now_is_read_from_the_clock_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, minute: int, gain: float
) -> None:
    now = time.struct_time((2026, 11, 30, 22, minute, 59, 0, 334, 0))
    monkeypatch.setattr(time, "localtime", lambda: now)
    assert QuietHours(QuietHoursSettings("22:31", "22:32", 0)).gain(Priority.TEXT) == gain


def test_a_time_zone_that_is_set_later_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = QuietHours(QuietHoursSettings("12:00", "12:30", 0))
    # Noon in exactly one of them, whatever the time is now.
    now = time.gmtime()
    seen = set()
    for hours_west in range(24):
        monkeypatch.setenv("TZ", f"XXX+{hours_west}:{now.tm_min:02d}")
        seen.add(hours.gain(Priority.TEXT))
    monkeypatch.undo()
    time.tzset()
    assert seen == {0.0, 1.0}
