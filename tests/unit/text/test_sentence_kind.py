"""Statement, question or exclamation, and what makes a question of it."""

from __future__ import annotations

import pytest

from tts_daemon.domain import QuestionKind, SentenceKind
from tts_daemon.text.frontend import Frontend


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("客厅的灯开了。", SentenceKind.STATEMENT),
        ("客厅的灯开了", SentenceKind.STATEMENT),
        ("客厅的灯开了？", SentenceKind.QUESTION),
        ("客厅的灯开了?", SentenceKind.QUESTION),
        ("你说什么？！", SentenceKind.QUESTION),
        ("着火了！", SentenceKind.EXCLAMATION),
        ("着火了!!!", SentenceKind.EXCLAMATION),
        ("“真的吗？”", SentenceKind.QUESTION),
        ("要开灯吗", SentenceKind.QUESTION),
        ("今天天气怎么样", SentenceKind.QUESTION),
        ("我知道他是谁。", SentenceKind.STATEMENT),
    ],
)
def test_kind(frontend: Frontend, text: str, kind: SentenceKind) -> None:
    (clause,) = frontend.read(text)
    assert clause.kind is kind
    assert (clause.question is not None) == (kind is SentenceKind.QUESTION)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("你也去？", QuestionKind.UNMARKED),
        ("今天星期六？", QuestionKind.UNMARKED),
        ("那么贵？", QuestionKind.UNMARKED),
        ("你也去吗？", QuestionKind.PARTICLE),
        ("我们走吧？", QuestionKind.PARTICLE),
        ("你的手机呢？", QuestionKind.PARTICLE),
        ("饭好了没有？", QuestionKind.PARTICLE),
        ("有什么事吗？", QuestionKind.PARTICLE),
        ("谁开的灯？", QuestionKind.WH_WORD),
        ("现在几点了？", QuestionKind.WH_WORD),
        ("你在干什么呢？", QuestionKind.WH_WORD),
        ("房间有多大？", QuestionKind.WH_WORD),
        ("为什么？", QuestionKind.WH_WORD),
        ("去不去？", QuestionKind.CHOICE),
        ("你喜不喜欢？", QuestionKind.CHOICE),
        ("喝茶还是喝咖啡？", QuestionKind.CHOICE),
    ],
)
def test_question(frontend: Frontend, text: str, kind: QuestionKind) -> None:
    (clause,) = frontend.read(text)
    assert clause.question is kind


def test_only_the_last_clause_of_a_sentence_asks(frontend: Frontend) -> None:
    first, last = frontend.read("今天的天气真的非常不错，我们一起去公园里面散步吧，好不好？")
    assert (first.kind, first.question) == (SentenceKind.STATEMENT, None)
    assert (last.kind, last.question) == (SentenceKind.QUESTION, QuestionKind.CHOICE)
