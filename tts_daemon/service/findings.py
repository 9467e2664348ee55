"""What the doctor finds: how a check came out, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How a check came out."""

    FINE = "fine"
    NOTICE = "notice"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: What was looked at.
        message: What was seen.
        remedy: A command or an edit that mends it; empty when nothing needs to be mended.
    """

    check: str
    severity: Severity
    message: str
    remedy: str = ""
