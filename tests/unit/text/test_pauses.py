"""What stands after each word: the kinds of pauses."""

from __future__ import annotations

import pytest

from tts_daemon.domain import PauseKind
from tts_daemon.text.frontend import Frontend


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend()


def _kinds(frontend: Frontend, text: str) -> list[str]:
    """Of all words that a mark follows, and of every clause's last word."""
    clauses = list(frontend.read(text))
    assert all(len(clause.pauses) == len(clause.breaks) for clause in clauses)
    return [
        kind.value
        for clause in clauses
        for place, kind in enumerate(clause.pauses)
        if kind is not PauseKind.NONE or place == len(clause.pauses) - 1
    ]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("苹果、香蕉和橘子。", "enumeration sentence"),
        ("苹果，香蕉：橘子！", "comma comma sentence"),
        ("他来了；我走了。", "semicolon sentence"),
        ("他来了——我走了。", "semicolon sentence"),
        ("等一下……我就来。", "semicolon sentence"),
        ("你好,世界?", "comma sentence"),
        ("第一段。\n第二段。", "paragraph sentence"),
        ("第一段\n\n第二段", "paragraph none"),
        ("牛奶\n鸡蛋\n面包", "sentence sentence none"),
        ("牛奶，\n鸡蛋", "sentence none"),
        ("下午3:25，26.5℃。", "comma sentence"),
        ("他说：“走吧。”", "comma sentence"),
    ],
)
def test_marks_become_pauses(frontend: Frontend, text: str, kinds: str) -> None:
    assert _kinds(frontend, text) == kinds.split()
