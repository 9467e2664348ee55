"""How the front end reads a text, word by word, for people to look at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tts_daemon.domain import Clause

_LATIN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")
_HAN = re.compile(r"[^\W\dA-Za-z_]")


def described(text: str, clauses: Iterable[Clause]) -> dict[str, Any]:
    """The clauses of a text, each with its words."""
    return {
        "text": text,
        "sentences": [_sentence(clause) for clause in clauses if clause.symbols],
    }


def _sentence(clause: Clause) -> dict[str, Any]:
    return {
        "text": clause.text,
        "spoken": clause.spoken,
        "words": _words(clause),
        "pinyin": clause.pinyin,
        "breaks": clause.breaks,
        "emotion": clause.style.emotion,
        "speed": clause.style.speed,
    }


def _words(clause: Clause) -> list[dict[str, Any]]:
    """Each prosodic word with its pinyin; the last gets what the counting has left over."""
    syllables = list(clause.pinyin)
    words: list[dict[str, Any]] = []
    for word, level in zip(clause.words, clause.breaks, strict=True):
        count = _syllables(word, syllables)
        is_last = len(words) == len(clause.words) - 1
        own = syllables if is_last else syllables[:count]
        words.append({"word": word, "pinyin": own, "break": level})
        syllables = syllables[count:]
    return words


def _syllables(word: str, following: list[str]) -> int:
    """How many pinyin tokens a word has: one per character or Latin word, none for an erhua 儿."""
    wanted = len(_LATIN.findall(word)) + len(_HAN.findall(word))
    swallowed = sum(
        1
        for syllable in following[: wanted - word.count("儿")]
        if syllable[-2:-1] == "r" and not syllable.startswith("er")
    )
    return wanted - min(swallowed, word.count("儿"))
