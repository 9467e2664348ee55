"""The Chinese documents name what the English ones name: every field, route, topic and command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
CODE = re.compile(r"`([^`\n]+)`")
MOST_MISSING = 0.1
"""Share that may be missing: a name is new before it is translated."""


def names(path: Path) -> set[str]:
    """What stands in the first column of a table as code."""
    rows = (line for line in path.read_text(encoding="utf-8").splitlines() if line[:2] == "| ")
    return {name for row in rows for name in CODE.findall(row.split(" | ")[0])}


@pytest.mark.parametrize("path", sorted((DOCS / "zh").glob("*.md")), ids=lambda path: path.stem)
def test_a_translation_does_not_fall_behind(path: Path) -> None:
    original = DOCS / path.name
    wanted = {name for name in names(original) if "<" not in name and not name[0].isupper()}
    translation = path.read_text(encoding="utf-8")
    missing = sorted(name for name in wanted if f"`{name}`" not in translation)
    assert len(missing) <= MOST_MISSING * len(wanted), missing
    headings = [
        len(re.findall(r"^## ", text, re.MULTILINE))
        for text in (original.read_text(encoding="utf-8"), translation)
    ]
    assert headings[1] >= (1 - 2 * MOST_MISSING) * headings[0]


@pytest.mark.parametrize("path", sorted((DOCS / "zh").glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).is_file(), target
