"""Clauses as a browser gets them, to make the sound itself: symbols, marks and style, no text."""

from __future__ import annotations

from typing import Any

from tts_daemon.domain import STYLE_RANGES, Clause
from tts_daemon.text.symbols import encode
from tts_daemon.voices.manifest import Manifest


def clause_message(clause: Clause, manifest: Manifest) -> dict[str, Any]:
    """What `web/synthesis` reads of one clause.

    Args:
        clause: As the front end read it.
        manifest: Of the clause's voice.

    Raises:
        TextError: The voice does not know a symbol.
    """
    rows = encode(clause.symbols, manifest.symbols)
    style = {name: getattr(clause.style, name) for name in STYLE_RANGES}
    return {
        "voice": manifest.name,
        "ids": [number for row in rows for number in row],
        "pauses": clause.pauses,
        "kind": clause.kind,
        "question": clause.question,
        "style": {"emotion": clause.style.emotion, **style},
        "pause_after_s": clause.pause_after_s,
    }
