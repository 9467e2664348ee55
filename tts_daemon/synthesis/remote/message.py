"""A clause on its way to the daemon that makes it: symbols and style, and what comes back.

The text itself stays here: it was read with this machine's lexicon, and is nobody else's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts_daemon import checks
from tts_daemon.domain import (
    Clause,
    PauseKind,
    QuestionKind,
    SentenceKind,
    Style,
    Symbol,
)
from tts_daemon.errors import InvalidRequestError
from tts_daemon.requests import field, nearest, style_value

PATH = "/api/clause"
FINGERPRINT, HOP_LENGTH, FRAMES = "X-Voice-Fingerprint", "X-Hop-Length", "X-Frames"
"""Headers of the answer: `ClauseSound.fingerprint`, `hop_length`, and `frames` with commas."""
MAX_SYMBOLS = 600
"""Of one clause; the front end makes at most 60 syllables."""

_STYLE = ("voice", "emotion", "intensity", "speed", "pitch", "energy", "pause")
_FIELDS = ("symbols", "pauses", "kind", "question", *_STYLE)
_SYMBOL_PARTS = 4


def message_of(clause: Clause, voice: str) -> dict[str, Any]:
    """What the other daemon is told.

    Args:
        clause: With at least one symbol.
        voice: One of the other daemon's; empty for its default.
    """
    style = {name: getattr(clause.style, name) for name in _STYLE}
    return {
        "symbols": [f"{s.sy}${s.tone}${s.syllable_flag}${s.word_segment}" for s in clause.symbols],
        "pauses": [str(kind) for kind in clause.pauses],
        "kind": str(clause.kind),
        "question": str(clause.question) if clause.question else None,
        **style,
        "voice": voice,
    }


def clause_of(fields: Mapping[str, Any]) -> Clause:
    """The clause of a message. Raises InvalidRequestError, which names the field."""
    given = {name: value for name, value in fields.items() if value is not None}
    for name in given:
        if name not in _FIELDS:
            raise InvalidRequestError(f"{name!a:.40}: unknown field{nearest(name, _FIELDS)}")
    symbols = tuple(map(_symbol, _texts(given, "symbols")))
    if not 0 < len(symbols) <= MAX_SYMBOLS:
        raise InvalidRequestError(f"symbols: {len(symbols)}; a clause has 1 to {MAX_SYMBOLS}")
    return Clause(
        text="",
        spoken="",
        words=(),
        pinyin=(),
        breaks=(),
        symbols=symbols,
        style=Style(**{name: style_value(name, given[name]) for name in _STYLE if name in given}),  # type: ignore[arg-type]
        kind=SentenceKind(_choice(given, "kind", SentenceKind.STATEMENT, SentenceKind)),
        question=QuestionKind(_choice(given, "question", "", QuestionKind))
        if "question" in given
        else None,
        pauses=tuple(
            PauseKind(field("pauses", lambda kind: checks.choice(kind, PauseKind), kind))
            for kind in _texts(given, "pauses")
        ),
    )


def _texts(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return field(name, checks.texts, given.get(name, []))


def _choice(given: Mapping[str, Any], name: str, default: str, known: Any) -> str:
    return field(name, lambda value: checks.choice(value, known), given.get(name, default))


def _symbol(written: str) -> Symbol:
    parts = written.split("$")
    if len(parts) != _SYMBOL_PARTS:
        raise InvalidRequestError(
            f"symbols: {written!a:.60} is not sy$tone$syllable_flag$word_segment"
        )
    return Symbol(*parts)
