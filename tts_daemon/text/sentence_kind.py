"""What a sentence does (statement, question, exclamation), and what makes a question of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts_daemon.domain import QuestionKind, SentenceKind
from tts_daemon.text.reading import Word
from tts_daemon.text.tables import word_set

_BY_MARK = {"？": SentenceKind.QUESTION, "！": SentenceKind.EXCLAMATION}
_MARKS = frozenset("。！？；，、：")
# 好吗, 是么 · 为什么, 那么 and 怎么 are no particles.
_ASKS_YES_OR_NO = re.compile("吗|(?<![什怎那这要多])么$")
_PARTICLES = frozenset(("吧", "呢", "啊", "呀", "嘛", "哈", "没", "没有", "不", "否"))
_WH_WORDS = word_set(
    "啥 怎么 怎样 怎么样 咋 咋样 为什么 为啥 干什么 干嘛 何 何时 何处 何人 为何 如何 "
    "多久 多长 多大 多远 多高 多重"
)
_HOW = frozenset("长久大远高重深宽厚快冷热难贵")
# 是不是, 有没有, 好不好, 喜不喜欢, 能不能
_CHOICE = re.compile("(.)[不没]\\1|还是")
# Without a mark only these ask: 今天天气怎么样, 现在几点了, 要开灯吗.
_ENDS_ASKING = re.compile(
    "(?:吗|怎么样|怎样|咋样|为什么|为啥|是谁|是什么|什么意思|(?:在|去)哪[里儿]?|多少[钱度个]?|几点了?|怎么办)$"
)


def sentence_kind(spoken: str) -> SentenceKind:
    """By the mark that ends spoken text; where none does, by its last words."""
    kind = _BY_MARK.get(spoken[-1:])
    if kind is None and spoken[-1:] not in _MARKS and _ENDS_ASKING.search(spoken):
        return SentenceKind.QUESTION
    return kind or SentenceKind.STATEMENT


def question_kind(spoken: str, words: Sequence[Word]) -> QuestionKind:
    """What makes a question of a sentence that is one.

    Args:
        spoken: The sentence or its last clause.
        words: Its words.
    """
    said = [word.text for word in words if word.is_spoken]
    last = spoken.rstrip("".join(_MARKS))
    if _ASKS_YES_OR_NO.search(last[-2:]):
        return QuestionKind.PARTICLE  # 有什么事吗: not what, but whether
    if any(_is_wh(said, place) for place in range(len(said))):
        return QuestionKind.WH_WORD
    if _CHOICE.search(last):
        return QuestionKind.CHOICE
    if said and said[-1] in _PARTICLES:
        return QuestionKind.PARTICLE
    return QuestionKind.UNMARKED


def _is_wh(said: list[str], place: int) -> bool:
    word = said[place]
    how = word == "多" and said[place + 1 : place + 2] and said[place + 1][0] in _HOW
    return bool(how) or word in _WH_WORDS or word[:1] in "哪谁几" or word[:2] in ("什么", "多少")
