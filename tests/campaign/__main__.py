"""The campaign: faults with exact accounting, and the page that says what was seen.

    scripts/test --campaign             # ten minutes
    TTS_CAMPAIGN_MINUTES=60 scripts/test --campaign

Writes docs/reliability.md; ends with 1 where a promise was broken.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from campaign import fuzz, hanging_device, heartbeat, journal_faults, kills, storms
from campaign.figures import Figure
from tts_daemon.runtime.machine import Machine

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
Part = Callable[[Path, float, int], list[Figure]]
PARTS: tuple[tuple[str, float, Part, str], ...] = (
    ("Kills and restarts", 0.4, kills.run, kills.PROMISE),
    ("Fuzz over every door", 0.2, fuzz.run, fuzz.PROMISE),
    ("A damaged journal", 0.1, journal_faults.run, journal_faults.PROMISE),
    ("Storms of commands", 0.05, storms.run, storms.PROMISE),
    ("Signs of life", 0.2, heartbeat.run, heartbeat.PROMISE),
    ("A device that hangs", 0.05, hanging_device.run, hanging_device.PROMISE),
)
"""Title, share of the time, what is done, and what it is to show."""


def main() -> int:
    """Run every part for its share of the time; returns the exit status."""
    minutes = float(os.environ.get("TTS_CAMPAIGN_MINUTES", "10"))
    seed = int(os.environ.get("TTS_CAMPAIGN_SEED", str(int(time.time()))))
    directory = Path(tempfile.mkdtemp(prefix="campaign-"))
    lines = [*_head(minutes, seed)]
    is_broken = False
    try:
        for index, (title, share, part, promise) in enumerate(PARTS):
            print(f"campaign: {title}", flush=True)
            place = directory / str(index)
            figures = part(place, 60 * minutes * share, seed)
            is_broken |= not all(figure.holds for figure in figures)
            lines += [*_section(title, promise, figures)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"campaign: {'a promise was broken' if is_broken else 'all promises held'}; see {PAGE}")
    return int(is_broken)


def _head(minutes: float, seed: int) -> list[str]:
    return [
        "# Reliability",
        "",
        "What the daemon promises about faults, and what a campaign of faults saw. Written by",
        "`scripts/test --campaign` (`TTS_CAMPAIGN_MINUTES=10`) on loopback, with a real broker.",
        "",
        f"This run: {minutes:g} minutes, seed {seed}, {Machine.here()}, the tests' tiny voice.",
    ]


def _section(title: str, promise: str, figures: list[Figure]) -> list[str]:
    rows = [f"| {figure.name} | {figure} | {_promised(figure)} |" for figure in figures]
    head = ["| counted | seen | promised |", "|---|---|---|"]
    return ["", f"## {title}", "", promise, "", *head, *rows]


def _promised(figure: Figure) -> str:
    if figure.most is None:
        return ""
    limit = "none" if figure.most == 0 else f"at most {figure.most:g}"
    return limit if figure.holds else f"**{limit}**: not kept"


if __name__ == "__main__":
    sys.exit(main())
