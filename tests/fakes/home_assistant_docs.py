"""What docs/home-assistant.md offers for pasting."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import yaml

TEXT = (Path(__file__).parents[2] / "docs" / "home-assistant.md").read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]


def pasted(key: str) -> list[dict[str, Any]]:
    """Automations (`actions`) or scripts (`sequence`), Chinese ones first."""
    values: list[dict[str, Any]] = [yaml.safe_load(block) for block in BLOCKS]
    return [value for value in values if key in value]
