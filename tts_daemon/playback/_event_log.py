"""What happened to an utterance, as one line of the log."""

from __future__ import annotations

import logging

from tts_daemon.domain import Event, EventType

log = logging.getLogger(__name__)


def write(event: Event) -> None:
    """One line a person can read, with the fields for those who search."""
    figures = {
        "UTTERANCE_ID": event.id,
        "EVENT": event.event_type.value,
        "SOURCE": event.source,
        "FIRST_AUDIO_MS": event.first_audio_ms,
        "AUDIO_MS": event.audio_ms,
        "REAL_TIME_FACTOR": event.real_time_factor,
        "REASON": event.reason,
        "EXPLANATION": event.message,
    }
    known = {name: value for name, value in figures.items() if value is not None}
    text = f"{event.event_type} {event.id}"
    if event.real_time_factor is not None:
        text += (
            f": first_audio_ms={event.first_audio_ms:.0f} audio_ms={event.audio_ms:.0f}"
            f" real_time_factor={event.real_time_factor:.3f}"
        )
    if event.reason is not None:
        text += f": {event.reason}"
    if event.message is not None:
        text += f": {event.message}"
    quiet = event.event_type in (EventType.QUEUED, EventType.STARTED)
    log.log(logging.DEBUG if quiet else logging.INFO, text, extra=known)
