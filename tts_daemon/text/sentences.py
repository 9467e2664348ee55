"""Passages to clauses: sentences, cut where they are too long for one breath, the first one cut short."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tts_daemon.text.passage import Passage

_CLOSERS = r"[”’」』）)\]】》〉\"'。！？；!?…~～ \t\ufe0f\u200d\U0001f1e6-\U0001faff☀-➿]*"
_NEXT = r"(?=[\s一-鿿“‘「『（(【《”’」』）)】》☀-➿\U0001f1e6-\U0001faff]|$)"
# What only looks like an end is taken first: addresses, entities, dots that trail off in mid-sentence.
_ENDS = re.compile(
    r"(?P<inner>[a-z]{2,8}://[!-~]+|&#?[0-9A-Za-z]{1,10};|(?:…+|。{3,}|\.{3,})(?!\s*$))"
    rf"|[。！？；]+{_CLOSERS}|[!?;]+{_NEXT}{_CLOSERS}|(?<=[A-Za-z)])\.(?=\s+[A-Z一-鿿]|\s*$){_CLOSERS}|\s*\n\s*"
)
_TOKEN = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.:/@_%+-]|,(?=[0-9]{3}))*|(?s:.)")
_PAUSES = frozenset("，、：,…—；;。 \t\n")
_BREATHS = frozenset("的了着过时后里上中和与及并")
_SPOKEN = re.compile(r"\w|[%℃°℉+=<>×÷√¥$€£@#&☀-➿\U0001f1e6-\U0001faff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths in syllables, estimated from the written text.

    Attributes:
        longest: No clause is longer, whatever the text; it bounds the work of one synthesis step.
        first: A first clause longer than this is cut at its first pause, so that sound begins sooner; 0: never.
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
    for start, end in _sentences(passage.text):
        cut_short = first and not clauses
        for low, high in _clauses(passage, start, end, limits, cut_short):
            clause = passage.cut(low, high)
            if _SPOKEN.search(clause.text):
                clauses.append(clause)
    if not clauses:
        return [passage.cut(0, 0)] if passage.pause_before_s else []
    clauses[0] = replace(clauses[0], pause_before_s=passage.pause_before_s)
    return clauses


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _ENDS.finditer(text):
        if match["inner"] is None:
            yield start, match.end()
            start = match.end()
    if start < len(text):
        yield start, len(text)


def syllables(token: str) -> float:
    """A rough count: a character is one, a digit nearly two with its places, a Latin letter half of one."""
    if token[0].isascii() and token[0].isalnum():
        return sum(1.8 if char.isdigit() else 0.6 if char.islower() else 1.0 for char in token)
    return 0.0 if token in _PAUSES else 1.0


def _clauses(
    passage: Passage, start: int, end: int, limits: Limits, cut_short: bool
) -> Iterator[tuple[int, int]]:
    tokens = list(_tokens(passage, start, end, limits))
    rest = sum(weight for _, weight, _ in tokens)
    length, since = 0.0, 0
    pause: tuple[int, int, float] | None = None
    index = 0
    while index < len(tokens):
        if rest <= limits.longest and not (cut_short and 0 < limits.first < rest):
            break
        position, weight, quality = tokens[index]
        if length + weight > limits.longest and index > since:
            at = pause[0] if pause else index
            here = tokens[at][0]
            yield start, here
            start, cut_short = here, False
            rest -= sum(weight for _, weight, _ in tokens[since:at])
            since, index, length, pause = at, at, 0.0, None
            continue
        length += weight
        index += 1
        rank = 2 if quality == 2 else quality if length > limits.longest / 2 else 0
        if (
            rank
            and length >= limits.shortest
            and rest - length >= limits.shortest
            and index < len(tokens)
        ):
            if pause is None or rank >= pause[1]:
                pause = (index, rank, length)
            if cut_short and rank == 2 and limits.first:
                here = tokens[index][0]
                yield start, here
                start, cut_short = here, False
                rest -= length
                since, length, pause = index, 0.0, None
    yield start, end


def _tokens(
    passage: Passage, start: int, end: int, limits: Limits
) -> Iterator[tuple[int, float, int]]:
    """Where each indivisible piece begins, its syllables, and how well a cut stands after it: 0, 1 or 2."""
    spans = iter(passage.pronunciations)
    span = next(spans, None)
    position = start
    while position < end:
        while span is not None and span.end <= position:
            span = next(spans, None)
        if span is not None and span.start == position and span.end <= end:
            yield position, float(len(span.syllables)), 0
            position = span.end
            continue
        match = _TOKEN.match(passage.text, position, end)
        assert match is not None  # noqa: S101 - the pattern matches any character
        token = match[0][: limits.longest // 2]
        if span is not None:
            token = token[: span.start - position]
        yield position, syllables(token), 2 if token in _PAUSES else int(token in _BREATHS)
        position += len(token)
