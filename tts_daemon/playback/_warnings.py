"""What a text asked for and could not have, for its `finished` event."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)

_MOST = 8
"""A text may be full of mistakes; so many are told."""
_MOST_CHARACTERS = 200


class Warnings:
    """Collects the warnings of one utterance, each once, and logs them."""

    def __init__(self, utterance_id: str) -> None:
        self._id = utterance_id
        self._told: dict[str, None] = {}

    @property
    def told(self) -> tuple[str, ...]:
        """Those that go into the event."""
        return tuple(self._told)

    def add(self, warning: str) -> None:
        """One more."""
        shown = f"{warning:.{_MOST_CHARACTERS}}"
        if shown not in self._told and len(self._told) < _MOST:
            self._told[shown] = None
            log.warning("utterance %s: %s", self._id, shown)
