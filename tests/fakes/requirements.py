"""What a test needs of the machine: skipped where it lacks on a laptop, failed where CI is set."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """End the test, or the fixture, for want of something; `reason` names what brings it."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def need_programs(*names: str, install: str) -> None:
    """Go on only where all programs are there.

    Args:
        names: Of the programs.
        install: The command that installs them.
    """
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        unavailable(f"{', '.join(missing)} missing: {install}")


def need_root(why: str) -> None:
    """Go on only as root."""
    if os.geteuid() != 0:
        unavailable(f"needs root: {why}")
