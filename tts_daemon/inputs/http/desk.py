"""What the HTTP door shows to those who look after the daemon; laid out by the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tts_daemon.text.corrections import Corrections


@dataclass(frozen=True, slots=True)
class Desk:
    """What an administrator may look at and change.

    Attributes:
        corrections: Readings that people correct; None where none are kept.
        examine: What the doctor finds, in a language (`zh` or `en`); takes its time.
        log: The newest lines of the log, the oldest first.
    """

    corrections: Corrections | None = None
    examine: Callable[[str], list[dict[str, Any]]] = lambda language: []
    log: Callable[[], list[str]] = list
