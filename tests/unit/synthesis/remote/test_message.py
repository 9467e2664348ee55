"""A clause as a message: all that is heard comes out as it went in, the rest is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tts_daemon.domain import Clause, PauseKind, QuestionKind, SentenceKind, Style, Symbol
from tts_daemon.errors import InvalidRequestError
from tts_daemon.synthesis.remote.message import clause_of, message_of

CLAUSE = Clause(
    text="你去吗？",
    spoken="你去吗",
    words=("你去吗",),
    pinyin=("ni3", "qu4", "ma5"),
    breaks=(4,),
    symbols=(
        Symbol("n_c", "tone3", "s_begin", "word_begin"),
        Symbol("#4", "tone_none", "s_none", "word_none"),
    ),
    style=Style("", "happy", 1.5, 1.2, -2.0, 0.5, 40.0, 2.0, "ding"),
    kind=SentenceKind.QUESTION,
    question=QuestionKind.PARTICLE,
    pauses=(PauseKind.SENTENCE,),
)
RIGHT = message_of(CLAUSE, "zhitian")


def test_all_that_is_heard_crosses_and_nothing_else_does() -> None:
    heard = replace(CLAUSE, text="", spoken="", words=(), pinyin=(), breaks=())
    heard = replace(heard, style=replace(CLAUSE.style, voice="zhitian", volume=100.0, chime=""))
    assert clause_of(json.loads(json.dumps(RIGHT))) == heard
    assert "你" not in json.dumps(RIGHT, ensure_ascii=False)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"symbols": []}, "symbols"),
        ({"symbols": ["n_c$tone3"]}, "symbols"),
        ({"symbols": ["a$b$c$d"] * 601}, "symbols"),
        ({"symbols": "a$b$c$d"}, "symbols"),
        ({"pauses": ["long"]}, "pauses"),
        ({"kind": "song"}, "kind"),
        ({"question": "why"}, "question"),
        ({"speed": 9}, "speed"),
        ({"volume": 50}, "volume"),
        ({"text": "你好"}, "text"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^'?{named}"):
        clause_of({**RIGHT, **changed})
