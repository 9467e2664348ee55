"""Public reports about our neighbours, each tried on us."""

from __future__ import annotations

import re

import pytest

REFERENCE = re.compile(r"[\w.-]+/[\w.-]+#\d+")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every experiment of this folder says whose report it is."""
    for item in items:
        if "strangers" not in item.path.parts:
            continue
        marks = [mark.args for mark in item.iter_markers("report")]
        references = [reference for mark in marks for reference in mark]
        if not references or not all(REFERENCE.fullmatch(name) for name in references):
            raise pytest.UsageError(f"{item.nodeid}: is of no report")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many reports were tried."""
    session = getattr(terminalreporter, "_session", None)
    items = getattr(session, "items", None) or []
    tried = {name for item in items for mark in item.iter_markers("report") for name in mark.args}
    if tried:
        terminalreporter.write_line(f"{len(tried)} public reports were tried")
