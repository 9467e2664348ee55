"""What is told of an utterance: the events of one request."""

from __future__ import annotations

from typing import Any

from tts_daemon.domain import Event, EventType, SpeakRequest
from tts_daemon.playback._queue import Utterance

_SHOWN_CHARACTERS = 200
"""As much of a text as an event tells."""


def event_of(utterance: Utterance, kind: EventType, **fields: Any) -> Event:
    """Something has happened to it. Fields: those of `Event` that apply."""
    request = utterance.request
    return Event(kind, request.id, source=request.source, text=_beginning(utterance.text), **fields)


def duplicate_of(request: SpeakRequest) -> Event:
    """Its id was accepted before."""
    reason = "this id was accepted before; nothing is spoken"
    return Event(EventType.DUPLICATE, request.id, reason=reason, source=request.source)


def _beginning(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
