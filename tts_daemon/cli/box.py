"""Tables of Chinese text for a terminal: a character may take two columns, or none."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_NARROWEST = 12
_WITHOUT_WIDTH = frozenset(("Mn", "Me", "Cf", "Cc"))


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def box(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Lines of a table with a frame; the last column is wrapped to fit.

    Args:
        header: The name of each column.
        rows: One cell for each column.
        width: Columns of the terminal.
    """
    cells = [header, *rows]
    widths = [max(columns(row[place]) for row in cells) for place in range(len(header))]
    room = width - sum(widths[:-1]) - 3 * len(widths) - 1
    widths[-1] = max(_NARROWEST, min(widths[-1], room))
    yield _rule(widths, "┌┬┐")
    yield from _row(header, widths)
    yield _rule(widths, "├┼┤")
    for row in rows:
        yield from _row(row, widths)
    yield _rule(widths, "└┴┘")


def _rule(widths: Sequence[int], joints: str) -> str:
    return joints[0] + joints[1].join("─" * (width + 2) for width in widths) + joints[2]


def _row(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    first = [*row[:-1]]
    for line in _wrapped(row[-1], widths[-1]):
        filled = (padded(cell, width) for cell, width in zip([*first, line], widths, strict=True))
        yield f"│ {' │ '.join(filled)} │"
        first = [""] * len(first)


def padded(text: str, width: int) -> str:
    """A text with spaces up to a width, in columns."""
    return text + " " * (width - columns(text))


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` columns; cut at a space where the line has one."""
    while columns(text) > width:
        used, stop = 0, 0
        while used + _columns(text[stop]) <= width:
            used += _columns(text[stop])
            stop += 1
        space = text.rfind(" ", 1, stop + 1)
        stop = space if space > 0 else stop
        yield text[:stop]
        text = text[stop:].lstrip(" ")
    yield text
