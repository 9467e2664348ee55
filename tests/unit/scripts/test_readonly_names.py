"""A name that a script makes readonly cannot be a local one of a function that it sources."""

import re
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"
SHELL_SCRIPTS = [
    path
    for path in sorted(SCRIPTS.iterdir())
    if path.is_file() and path.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash")
]


def declared(keyword: str, text: str) -> set[str]:
    """Names behind `readonly` or `local`, with or without values."""
    lines = re.findall(rf"^\s*{keyword}\s+(.+)$", text, re.MULTILINE)
    return {word.partition("=")[0] for line in lines for word in line.split(";")[0].split()}


def with_sourced(script: Path) -> list[str]:
    """The texts of a script and of all that it sources."""
    text = script.read_text(encoding="utf-8")
    sourced = re.findall(r"^\s*source (?:\S*/)?(\w+\.sh)", text, re.MULTILINE)
    return [text, *(part for name in sourced for part in with_sourced(SCRIPTS / name))]


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_no_local_name_is_readonly(script: Path) -> None:
    texts = with_sourced(script)
    fixed = set().union(*(declared("readonly", text) for text in texts))
    local = set().union(*(declared("local", text) for text in texts))
    assert not fixed & local
