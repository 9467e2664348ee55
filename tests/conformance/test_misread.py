"""What was misread before, here or by others: each text is spoken and pronounced as it should be.

Rows of `cases/misread_*.tsv`: id, category, text, spoken (`||` between what is accepted; marks and
spaces do not count), pinyin (of the first one; `a|b` where both are right, empty where nothing is
asked; `contains:` lists sequences of syllables that must occur), and where the row is from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from fakes.reading_rows import reading_rows

from tts_daemon.text.frontend import Frontend
from tts_daemon.text.sentences import Limits

_CONTAINS = "contains:"
_MARKS = re.compile(r"[，。！？、；：\s]")


ROWS = reading_rows("misread_*.tsv")


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend(limits=Limits(first=0))


def _plain(text: str) -> str:
    return _MARKS.sub("", text).lower()


def _wrong(read: Sequence[str], expected: str) -> list[str]:
    """What is wrong with the syllables read; empty for nothing."""
    if expected.startswith(_CONTAINS):
        heard = f" {' '.join(read)} "
        return [
            asked
            for asked in expected.removeprefix(_CONTAINS).split("/")
            if not any(f" {option.strip()} " in heard for option in asked.split("|"))
        ]
    places = expected.split()
    if len(read) != len(places):
        return [" ".join(read)]
    pairs = zip(read, places, strict=True)
    return [
        f"{syllable}, not {place}"
        for syllable, place in pairs
        if not place.isupper() and syllable not in place.split("|")
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_misread(frontend: Frontend, row: dict[str, str]) -> None:
    clauses = list(frontend.read(row["text"], warn=lambda message: None))
    spoken = _plain("".join(clause.spoken for clause in clauses))
    accepted = [_plain(option) for option in row["spoken"].split("||")]
    assert spoken in accepted
    if row["pinyin"] and spoken == accepted[0]:
        read = [syllable for clause in clauses for syllable in clause.pinyin]
        assert _wrong(read, row["pinyin"]) == []


def test_rows_are_told_apart() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert len({row["text"] for row in ROWS}) == len(ROWS)
    assert all(row["source"] for row in ROWS)
