"""Voices as OpenAI's clients name them: ours, presets, and the stock names that they begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts_daemon.errors import InvalidRequestError
from tts_daemon.ports import SpeechService
from tts_daemon.requests import field, nearest

STOCK = (
    "alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse",
    "marin", "cedar",
)  # fmt: skip
"""Names of the published API; what none of `http.voices` is for is the default voice."""


class OpenAiVoices:
    """Finds what a client means by `voice`.

    Args:
        service: Knows voices and presets.
        table: `http.voices`: name of a client -> voice or preset.
    """

    def __init__(self, service: SpeechService, table: Mapping[str, str]) -> None:
        self._service = service
        self._table = {name.lower(): target for name, target in table.items()}

    def names(self) -> list[str]:
        """Every name that is known, ours first."""
        now = self._service.snapshot()
        return list(dict.fromkeys((*now.voices, *now.presets, *self._table, *STOCK)))

    def find(self, voice: object) -> dict[str, Any]:
        """The field of a request that asks for it; empty for the default voice.

        Args:
            voice: A name in any case, or an object whose `id` is one.

        Raises:
            InvalidRequestError: Neither, or a name that nobody knows.
        """
        name = field("voice", _name, voice).lower()
        if not name:
            return {}
        return self._ours(name) or self._stock(name)

    def _ours(self, name: str) -> dict[str, Any]:
        """An installed voice, or else a preset."""
        now = self._service.snapshot()
        for kind, known in (("voice", now.voices), ("preset", now.presets)):
            for own in known:
                if own.lower() == name:
                    return {kind: own}
        return {}

    def _stock(self, name: str) -> dict[str, Any]:
        target = self._table.get(name)
        if target is not None:
            found = self._ours(target.lower())
            if not found:
                raise InvalidRequestError(
                    f"voice: http.voices.{name} is {target!r:.40}, which is no voice and no preset"
                )
            return found
        if name in STOCK:
            return {}
        raise InvalidRequestError(
            f"voice: no voice is called {name!r:.40}{nearest(name, self.names())}"
            " (http.voices gives more names)"
        )


def _name(voice: object) -> str:
    if isinstance(voice, Mapping):
        voice = voice.get("id")
    if voice is None:
        return ""
    if not isinstance(voice, str):
        raise ValueError("is neither a name nor an object with the name as its id")
    return voice.strip()
