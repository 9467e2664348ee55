"""The rows of the reading lists in tests/conformance/cases."""

from __future__ import annotations

import csv
from pathlib import Path

CASES = Path(__file__).parents[1] / "conformance" / "cases"
COLUMNS = ["id", "category", "text", "spoken", "pinyin", "source"]


def reading_rows(pattern: str) -> list[dict[str, str]]:
    """All rows of the files that match, each with COLUMNS and nothing else."""
    rows: list[dict[str, str]] = []
    for path in sorted(CASES.glob(pattern)):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            assert reader.fieldnames == COLUMNS, path.name
            rows.extend(reader)
    return rows
