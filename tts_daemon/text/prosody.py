"""Words to prosodic words and break levels, by gluing rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

PARTICLES = frozenset("的地得了着过们吧吗呢啊呀嘛啦哦哇呗")
LOCALISERS = frozenset("上下里外中内前后旁边间")
COMPLEMENTS = frozenset("到完好满开掉住成出上下起见给在为至入走动错懂")
PREFIXES = frozenset("不没很太也都就还更最再又已刚正只将可要会能请别")
DEMONSTRATIVES = frozenset("这那每各哪几某第整")
_LONGEST = 4
_NUMERAL_LONGEST = 6

TaggedWord = tuple[str, str]


class ProsodyPredictor(Protocol):
    """Decides where prosodic words end; a trained model may take the rules' place."""

    def prosodic_words(self, words: Sequence[TaggedWord]) -> list[str]:
        """Prosodic words of one phrase without punctuation; joined, they are the joined input."""
        ...


class RuleProsody:
    """The rules of this module as a `ProsodyPredictor`."""

    def prosodic_words(self, words: Sequence[TaggedWord]) -> list[str]:
        """See `prosodic_words`."""
        return prosodic_words(words)


def prosodic_words(words: Sequence[TaggedWord]) -> list[str]:
    """Group words (text, part of speech) of one phrase into prosodic words.

    Joined, the result equals the joined input. Latin words stay alone.
    """
    groups: list[list[TaggedWord]] = []
    for unit in _units(words):
        if groups and _glues(groups[-1], unit):
            groups[-1].append(unit)
        else:
            groups.append([unit])
    return ["".join(text for text, _ in group) for group in groups]


def _units(words: Sequence[TaggedWord]) -> list[TaggedWord]:
    units: list[TaggedWord] = []
    for text, pos in words:
        units.extend((piece, pos) for piece in _split_long(text, pos))
    return units


def _split_long(text: str, pos: str) -> list[str]:
    if pos == "eng" or len(text) < _LONGEST:
        return [text]
    if len(text) == _LONGEST:
        splits = text[2] == "之" or text[1] == "之" or text[2:] in ("足下",)
        return [text[:2], text[2:]] if splits else [text]
    if pos == "m":
        return [text] if len(text) <= _NUMERAL_LONGEST else _pieces(text, 4)
    return _pieces(text, 2)


def _pieces(text: str, size: int) -> list[str]:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    if len(pieces[-1]) == 1:
        pieces[-2:] = [pieces[-2] + pieces[-1]]
    return pieces


def _glues(group: list[TaggedWord], unit: TaggedWord) -> bool:
    """Whether `unit` belongs to the prosodic word that is being built."""
    text, pos = unit
    last, last_pos = group[-1]
    if "eng" in (pos, last_pos):
        return False
    length = sum(len(word) for word, _ in group) + len(text)
    if text in PARTICLES and length <= _LONGEST + 1:
        return True
    if length > (_NUMERAL_LONGEST if last_pos == "m" else _LONGEST):
        return False
    if last in PARTICLES and len(group) > 1:
        return False
    return _glues_by_class(group, last, last_pos, text, pos)


def _glues_by_class(group: list[TaggedWord], last: str, last_pos: str, text: str, pos: str) -> bool:
    if last_pos == "m" and (pos in ("m", "q") or text in "度号点分秒年月日天个次种级元"):
        return True
    if last in DEMONSTRATIVES:
        return pos in ("m", "q") or len(text) == 1
    if text == "个" and len(last) == 1:
        return True
    if text in LOCALISERS and last_pos[:1] in "nrs" and len(text) == 1:
        return True
    if text in COMPLEMENTS and last_pos.startswith("v"):
        return True
    if last in PREFIXES and len(text) == 1:
        return True
    return len(last) == 1 and len(text) == 1 and len(group) == 1 and _content(last_pos, pos)


def _content(last_pos: str, pos: str) -> bool:
    return last_pos[:1] in "vadn" and pos[:1] in "vna"
