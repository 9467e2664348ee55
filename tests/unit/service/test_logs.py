"""What a person reads in the log, and what a program finds in the journal's fields."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from tts_daemon.domain import Event, EventType
from tts_daemon.service import logs

FINISHED = Event(
    EventType.FINISHED,
    "a1",
    first_audio_ms=120.4,
    audio_ms=3210.0,
    real_time_factor=0.0512,
    source="mqtt",
)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = (list(logs.log.handlers), logs.log.level, logs.log.propagate)
    yield
    logs.log.handlers[:], logs.log.level, logs.log.propagate = before


def test_a_finished_utterance_is_told_in_words_with_its_figures() -> None:
    assert logs.describe(FINISHED) == (
        "finished a1 (mqtt): first audio 120 ms, 3.2 s of speech, real-time factor 0.051"
    )


def test_a_failure_is_told_with_its_reason() -> None:
    event = Event(EventType.FAILED, "a1", reason="voice is damaged")
    assert logs.describe(event) == "failed a1: voice is damaged"


def test_the_record_carries_the_figures_as_fields() -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logs.log.handlers[:] = [handler]
    logs.log.setLevel("INFO")
    logs.log_event(FINISHED)
    logs.log_event(Event(EventType.STARTED, "b2"))
    (record,) = records
    assert record.UTTERANCE_ID == "a1"
    assert record.FIRST_AUDIO_MS == 120.4
    assert not hasattr(record, "REASON")


def test_people_get_plain_lines_and_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning", {})
    logging.getLogger("tts_daemon.inputs").info("not shown")
    logging.getLogger("tts_daemon.inputs").warning("shown")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("WARNING shown")


def test_an_inherited_journal_variable_is_not_the_journal() -> None:
    logs.configure("info", {"JOURNAL_STREAM": "1:1"})
    assert type(logs.log.handlers[0]) is logging.StreamHandler
    assert not isinstance(logs.log.handlers[0].formatter, logs.SyslogPrefix)


def test_every_line_for_the_journal_begins_with_its_level() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "one\ntwo", None, None)
    assert logs.SyslogPrefix("%(message)s").format(record) == "<4>one\n<4>two"


def test_standard_error_that_is_the_journal_is_recognised(
    capfd: pytest.CaptureFixture[str],
) -> None:
    stream = os.fstat(2)
    assert logs._is_journal({"JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}"})
