"""Passages to clauses: sentences, cut where they are too long for one breath."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from tts_daemon.text.passage import Passage

_CLOSERS = r"[”’」』）)\]】》〉\"'。！？；!?…~～ \t\ufe0f\u200d\U0001f1e6-\U0001faff☀-➿]*"
_NEXT = r"(?=[\s一-鿿“‘「『（(【《”’」』）)】》☀-➿\U0001f1e6-\U0001faff]|$)"
# What only looks like an end is taken first: addresses, entities, dots that trail off.
_ENDS = re.compile(
    r"(?P<inner>[a-z]{2,8}://[!-~]+|&#?[0-9A-Za-z]{1,10};|\b(?:Mrs?|Ms|Dr|Prof|St|Jr|vs|No)\.|(?:…+|。{3,}|\.{3,})(?!\s*$))"
    rf"|[。！？；]+{_CLOSERS}|[!?;]+{_NEXT}{_CLOSERS}|(?<=[A-Za-z)])\.(?=\s+[A-Z一-鿿]|\s*$){_CLOSERS}|\s*\n\s*"
)
_TOKEN = re.compile(
    r"[0-9A-Za-z](?:[0-9A-Za-z.:/@_%+-]|,(?=[0-9]{3})|(?<=[0-9])[：．](?=[0-9])"
    r"|(?<=[0-9])，(?=[0-9]{3}(?![0-9])))*|(?s:.)"
)
_PAUSES = frozenset("，：,…；;。")
_BREATHS = frozenset("、— \t\n的了着过时后里上中")
# A breath falls before these, unless they are part of a word: 和平, 暖和, 参与, 以及, 合并.
_JOINING = re.compile(
    r"(?<![暖温柔平饱附调随缓总祥谐共谦亲唱掺搅参给赋授以涉普波顾提合吞一兼])"
    r"(?:和(?![平谐睦气解蔼尚约声弄好牌了面泥服])|与(?![会其否众时日])|以及|及(?![时格早其至])"
    r"|并(?![列行发购排存联])|或者?|但是?|然后|而且)"
)
_BEFORE_JOINING, _PAUSE = 2, 3
_SILENT = _PAUSES | frozenset("、— \t\n")
_BLANK_LINE = re.compile(r"\n\s*\n\s*$")
_BLANK = re.compile(r"[\s，。！？；：、…,.!?;:\"'“”‘’()（）\[\]【】《》〈〉「」『』—~·_\-]*")


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths in syllables, estimated from the written text.

    Attributes:
        longest: No clause is longer, whatever the text; it bounds the work of one synthesis step.
        first: A first clause longer than this is cut at its first pause, so that sound begins
            sooner; 0: never.
        shortest: No clause is made shorter than this by a cut.
    """

    longest: int = 60
    first: int = 16
    shortest: int = 4


def split(passage: Passage, limits: Limits | None = None, *, first: bool = False) -> list[Passage]:
    """Cut a passage into clauses; joined, their texts are its text without blank stretches.

    Args:
        first: The utterance begins with this passage, its first clause is kept short.
    """
    limits = limits or Limits()
    clauses: list[Passage] = []
    for start, end in spans(passage.text):
        cut_short = first and not clauses
        for low, high in _clauses(passage, start, end, limits, cut_short):
            clause = passage.cut(low, high)
            if not _BLANK.fullmatch(clause.text):
                ends = bool(_BLANK_LINE.search(clause.text))
                clauses.append(replace(clause, ends_paragraph=ends))
            elif clauses and "\n" in clause.text:
                clauses[-1] = replace(clauses[-1], ends_paragraph=True)
    if not clauses:
        return [passage.cut(0, 0)] if passage.pause_before_s else []
    clauses[0] = replace(clauses[0], pause_before_s=passage.pause_before_s)
    return clauses


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of the sentences of a text, one after the other."""
    start = 0
    for match in _ENDS.finditer(text):
        if match["inner"] is None:
            yield start, match.end()
            start = match.end()
    if start < len(text):
        yield start, len(text)


def syllables(token: str) -> float:
    """A rough count: a character is one, a digit nearly two with its place, a letter about half."""
    if token[0].isascii() and token[0].isalnum():
        return sum(1.8 if char.isdigit() else 0.6 if char.islower() else 1.0 for char in token)
    return 0.0 if token in _SILENT else 1.0


class _Piece(NamedTuple):
    """What a cut does not divide: a character, a number, a Latin word, a given pronunciation.

    Attributes:
        start: Its offset in the passage.
        syllables: Estimated.
        rest: How well a cut stands after it: 0 badly, 1 at a breath, 2 before a word that joins
            (和), 3 at a pause.
    """

    start: int
    syllables: float
    rest: int


def _clauses(
    passage: Passage, start: int, end: int, limits: Limits, cut_short: bool
) -> Iterator[tuple[int, int]]:
    """Offsets of the clauses of one sentence."""
    pieces = list(_pieces(passage, start, end, limits))
    left = sum(piece.syllables for piece in pieces)
    index = 0
    while index < len(pieces):
        after = _fitting(pieces, index, left, limits, cut_short)
        stop = pieces[after].start if after < len(pieces) else end
        yield pieces[index].start, stop
        left -= sum(piece.syllables for piece in pieces[index:after])
        index, cut_short = after, False


def _fitting(pieces: list[_Piece], index: int, left: float, limits: Limits, cut_short: bool) -> int:
    """The index after the last piece of the clause that begins at `index`."""
    hurry = cut_short and 0 < limits.first < left
    if left <= limits.longest and not hurry:
        return len(pieces)
    length = 0.0
    best, best_rest = index, -1
    for at in range(index, len(pieces)):
        length += pieces[at].syllables
        if length > limits.longest and at > index:
            break
        rest = pieces[at].rest
        if 0 < rest < _PAUSE and length < limits.longest / 2:
            rest = 0
        if min(length, left - length) >= limits.shortest and rest >= best_rest:
            best, best_rest = at + 1, rest
            if hurry and rest == _PAUSE:
                return best
    else:
        return len(pieces)
    return best if best > index else index + 1


def _pieces(passage: Passage, start: int, end: int, limits: Limits) -> Iterator[_Piece]:
    spans = iter(passage.pronunciations)
    span = next(spans, None)
    position = start
    while position < end:
        while span is not None and span.end <= position:
            span = next(spans, None)
        if span is not None and span.start <= position:
            yield _Piece(position, float(len(span.syllables)), 0)
            position = span.end
            continue
        stop = min(end, position + limits.longest // 2, span.start if span else end)
        match = _TOKEN.match(passage.text, position, stop)
        token = match[0] if match else passage.text[position]
        position += len(token)
        joins = _JOINING.match(passage.text, position) is not None
        breath = _BEFORE_JOINING if joins else int(token in _BREATHS)
        rest = _PAUSE if token in _PAUSES else breath
        yield _Piece(position - len(token), syllables(token), rest)
