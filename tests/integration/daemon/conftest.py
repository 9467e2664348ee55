"""A real daemon for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.daemon_process import DaemonProcess


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon that is not started yet; ended after the test."""
    process = DaemonProcess(tmp_path)
    yield process
    process.close()
