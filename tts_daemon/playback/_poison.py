"""Utterances that ended the daemon: those that were begun twice and never came to an end.

Without this one text that hangs or kills the process would do so after every restart, for ever.
"""

from __future__ import annotations

import logging

from tts_daemon.playback._queue import Utterance
from tts_daemon.playback.journal import Journal

log = logging.getLogger(__name__)

ENDING = {
    "reason": "poison",
    "message": "it was begun twice, and the daemon ended each time; it is not tried again",
}
MOST_BEGUN = 2
"""Times that an utterance may be begun by processes that do not live to end it."""
_NAME = "poison"
_MOST_LISTED = 10
_SHOWN_CHARACTERS = 60


def recalled(journal: Journal) -> tuple[str, ...]:
    """The newest ones, as people are shown them, the oldest first."""
    listed = journal.recall(_NAME)
    if not isinstance(listed, list):
        return ()
    return tuple(item for item in listed if isinstance(item, str))[-_MOST_LISTED:]


def added(journal: Journal, listed: tuple[str, ...], utterance: Utterance) -> tuple[str, ...]:
    """The list with one more, kept for the next process as well."""
    request = utterance.request
    log.error(
        "utterance %s was begun %d times and never ended; it is not tried again: %.60r",
        request.id, utterance.begun, request.text,
    )  # fmt: skip
    grown = (*listed, f"{request.id}: {request.text[:_SHOWN_CHARACTERS]}")[-_MOST_LISTED:]
    journal.remember(_NAME, list(grown))
    return grown
