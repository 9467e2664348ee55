"""Tables of Chinese text stand straight in a terminal."""

from __future__ import annotations

import pytest

from tts_daemon.cli.box import box, columns

ROWS = [
    ("客厅", "#1", "ke4 ting1"),
    ("Wi-Fi", "#3", "w ay f ay"),
    ("", "#4", "一二三四五六七八九十"),
]


@pytest.mark.parametrize(
    ("text", "width"), [("客厅26℃", 7), ("é", 1), ("e\u0301", 1), ("\u200b", 0), ("😀", 2), ("", 0)]
)
def test_columns(text: str, width: int) -> None:
    assert columns(text) == width


@pytest.mark.parametrize("width", [120, 40, 30, 1])
def test_every_line_is_as_wide_as_the_others(width: int) -> None:
    lines = list(box(("word", "break", "phones"), ROWS, width))
    assert len({columns(line) for line in lines}) == 1


def test_last_column_is_wrapped_to_fit() -> None:
    lines = list(box(("word", "break", "phones"), ROWS, 34))
    assert max(map(columns, lines)) <= 34
    cells = [line.split("│")[3].strip() for line in lines if line.startswith("│")]
    assert "".join(cells[3:]) == "一二三四五六七八九十"


def test_a_table_without_rows() -> None:
    assert len(list(box(("a", "b"), [], 80))) == 4
