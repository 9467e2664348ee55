"""Where log lines go, and how they look there."""

from __future__ import annotations

import logging
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tts_daemon.printable import PrintableStream, printable
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


def test_lines_are_kept_while_standard_error_points_elsewhere(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", os.fdopen(2, "w", closefd=False))
    logs.configure("info", {})
    # As sounddevice does in another thread, while it looks for devices.
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        logging.getLogger("tts_daemon.service").info("not lost")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
    assert "not lost" in capfd.readouterr().err


def test_another_level_counts_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning", {})
    logs.set_level("debug")
    logging.getLogger("tts_daemon.inputs").debug("shown now")
    assert "shown now" in capsys.readouterr().err


def test_an_inherited_journal_variable_is_not_the_journal() -> None:
    logs.configure("info", {"JOURNAL_STREAM": "1:1"})
    assert type(logs.log.handlers[0]) is logging.StreamHandler
    assert not isinstance(logs.log.handlers[0].formatter, logs.SyslogPrefix)


def test_every_line_for_the_journal_begins_with_its_level() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "one", None, None)
    record.stack_info = "two\nthree"
    lines = logs.SyslogPrefix("%(message)s").format(record).split("\n")
    assert lines == ["<4>one", "<4>    two", "<4>    three"]


def test_standard_error_that_is_the_journal_is_recognised(
    capfd: pytest.CaptureFixture[str],
) -> None:
    stream = os.fstat(2)
    assert logs._is_journal({"JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}"})


@pytest.fixture
def in_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is the journal's, as in a unit."""
    monkeypatch.setattr(logs, "_is_journal", lambda variables: True)


@pytest.mark.usefixtures("in_journal")
def test_systemd_python_takes_the_lines_with_their_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    class JournalHandler(logging.Handler):
        def __init__(self, **fields: str) -> None:
            super().__init__()
            self.fields = fields

    journal = ModuleType("systemd.journal")
    journal.JournalHandler = JournalHandler  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "systemd", ModuleType("systemd"))
    monkeypatch.setitem(sys.modules, "systemd.journal", journal)
    logs.configure("info")
    (handler,) = (found for found in logs.log.handlers if isinstance(found, JournalHandler))
    assert handler.fields == {"SYSLOG_IDENTIFIER": "tts-daemon"}


def test_the_newest_lines_are_remembered_as_they_are_safe_to_show() -> None:
    logs.configure("info")
    for number in range(1000):
        logs.log.info("line %d\nforged \x1b[2J", number)
    assert 100 < len(logs.newest()) < 1000
    assert "line 999" in logs.newest()[-1]
    assert "\x1b" not in logs.newest()[-1]
    assert "\n" not in logs.newest()[-1]


@pytest.mark.usefixtures("in_journal")
def test_without_systemd_python_every_line_has_its_level(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "systemd.journal", None)
    logs.configure("info")
    logging.getLogger("tts_daemon.service").info("Ready")
    assert capfd.readouterr().err == "<6>Ready\n"


FORGED = "2031-01-01 00:00:00,000 ERROR   forged"


@given(st.text(st.characters(codec=None), max_size=30))
@example(f"a\n{FORGED}")
@example(f"\r{FORGED}\x1b[2J\x9b2J\x7f\u202e\u2028\x85\x0b")
def test_no_text_forges_a_line_or_moves_a_cursor(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        failure = sys.exc_info()
    formatter = logs.SafeFormatter("%(asctime)s %(levelname)-7s %(message)s")
    for message, arguments in (("%s", (text,)), (text.replace("%", ""), ())):
        record = logging.LogRecord("x", logging.INFO, "", 0, message, arguments, failure)
        first, *further = formatter.format(record).split("\n")
        assert re.match(r"\d{4}-\d\d-\d\d .* INFO    ", first)
        assert all(line.startswith("    ") for line in further)
        for character in first + "".join(further):
            seen = unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
            assert seen, f"{character!a}"


def test_chinese_and_emoji_are_left_as_they_are() -> None:
    text = "你好，\u3000世界👨\u200d👩\u200d👧 café"
    assert printable(text) == text


def test_a_command_shows_what_others_wrote_without_obeying_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print("title\x1b]0;owned\x07\tend", file=PrintableStream(sys.stdout))  # type: ignore[arg-type]
    assert capsys.readouterr().out == "title\\x1b]0;owned\\x07\tend\n"
