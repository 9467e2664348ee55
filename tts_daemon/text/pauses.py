"""The pause after each prosodic word, by the mark that stands there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from tts_daemon.domain import PauseKind
from tts_daemon.text.reading import ProsodicWord

_KINDS = {
    **dict.fromkeys("、", PauseKind.ENUMERATION),
    **dict.fromkeys("，,：:", PauseKind.COMMA),
    **dict.fromkeys("；;…—", PauseKind.SEMICOLON),
    **dict.fromkeys("。？！?!", PauseKind.SENTENCE),
}
_ORDER = list(PauseKind)
_RUN = re.compile(r"[、，,：:；;…—。？！?!]+")
_LINE_END = re.compile(r"[^\s、，,：:；;…—。？！?!]\s*\n\s*$")
"""Of an item of a list, a line of a poem: spoken text makes a comma of it."""
_TRAILING = re.compile("——|—\\s*—|…")


def pauses(written: str, spoken: str, group: Sequence[ProsodicWord]) -> tuple[PauseKind, ...]:
    """One kind for each prosodic word.

    Args:
        written: The clause, for the marks that spoken text makes commas of (dashes, dots).
        spoken: The clause as it is read.
        group: Its prosodic words.
    """
    starts = [item.words[0].start for item in group]
    stretches = [spoken[start:end] for start, end in pairwise([*starts, len(spoken)])]
    kinds = [_kind(stretch) for stretch in stretches]
    if kinds and _LINE_END.search(written):
        kinds[-1] = PauseKind.SENTENCE
    return tuple(_lengthened(kinds, _RUN.findall(written)))


def _kind(text: str) -> PauseKind:
    """The longest pause that any mark of a stretch asks for."""
    found = [_KINDS[mark] for mark in text if mark in _KINDS]
    return max(found, key=_ORDER.index, default=PauseKind.NONE)


def _lengthened(kinds: list[PauseKind], runs: list[str]) -> list[PauseKind]:
    """Dashes and dots are more than commas, where there are as many written marks as spoken."""
    places = [place for place, kind in enumerate(kinds) if kind is not PauseKind.NONE]
    if len(places) == len(runs):
        for place, run in zip(places, runs, strict=True):
            if kinds[place] is PauseKind.COMMA and _TRAILING.search(run):
                kinds[place] = PauseKind.SEMICOLON
    return kinds
