"""Where log lines go, and how they look there."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from tts_daemon.service import logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = (list(logs.log.handlers), logs.log.level, logs.log.propagate)
    yield
    logs.log.handlers[:], logs.log.level, logs.log.propagate = before


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
