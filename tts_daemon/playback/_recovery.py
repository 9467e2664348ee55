"""What becomes of an utterance that an earlier process left."""

from __future__ import annotations

from typing import Any

from tts_daemon.domain import EventType
from tts_daemon.playback import _poison as poison
from tts_daemon.playback._queue import Utterance

_CUT_OFF = "interrupted by a restart"
_UNWRITTEN = f"{_CUT_OFF} while its text was still being written"

Ending = tuple[EventType, dict[str, Any]]
"""The final event, and its fields."""


def ending_of(utterance: Utterance, *, was_begun: bool, interrupted: str) -> Ending | None:
    """How it ends; None: it waits again.

    Args:
        utterance: As the journal kept it.
        was_begun: It was being spoken.
        interrupted: `again` or `drop`: what becomes of one that was cut off.
    """
    if not utterance.request.text:
        # Its source has gone with the earlier process.
        return EventType.CANCELLED, {"reason": _UNWRITTEN}
    if was_begun and utterance.begun >= poison.MOST_BEGUN:
        return EventType.FAILED, dict(poison.ENDING)
    if was_begun and interrupted != "again":
        return EventType.CANCELLED, {"reason": _CUT_OFF}
    return None
