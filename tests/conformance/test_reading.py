"""The reading list: every written sentence is spoken in one of the accepted ways.

Rows of `cases/normalize_*.tsv`: id, category, text, spoken (the preferred one first, `||` between),
pinyin (may be empty), and what the row is there for.
"""

from __future__ import annotations

import re

import pytest
from fakes.reading_rows import reading_rows

from tts_daemon.text.normalize import normalize

SPOKEN = re.compile(r"[一-鿿〇A-Za-z' ，。！？、；：]*")


ROWS = reading_rows("normalize_*.tsv")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_reading(row: dict[str, str]) -> None:
    accepted = row["spoken"].split("||")
    assert normalize(row["text"]).text in accepted


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_spoken_text_stays_as_it_is(row: dict[str, str]) -> None:
    spoken = normalize(row["text"]).text
    assert SPOKEN.fullmatch(spoken)
    assert normalize(spoken).text == spoken


def test_list_is_complete() -> None:
    assert len(ROWS) >= 300
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert len({row["text"] for row in ROWS}) == len(ROWS)
    assert all(row["source"] for row in ROWS)
