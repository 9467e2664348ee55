"""The campaign: faults with exact accounting, and the page that says what was seen.

    scripts/test --campaign                        # ten minutes
    TTS_CAMPAIGN_MINUTES=60 scripts/test --campaign
    TTS_CAMPAIGN_PARTS=stops,small scripts/test --campaign   # alone; the page keeps the others

Writes docs/reliability.md; ends with 1 where a promise was broken.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from campaign import (
    fuzz,
    hanging_device,
    heartbeat,
    journal_faults,
    kills,
    small_machines,
    stops,
    storms,
)
from campaign.figures import Figure
from tts_daemon.runtime.machine import Machine

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of faults.

    Attributes:
        name: By which it is asked for.
        title: Of its section.
        share: Of the time.
        run: Does it, in a directory that it makes, for so many seconds, by a seed.
        promise: What it is to show.
    """

    name: str
    title: str
    share: float
    run: Callable[[Path, float, int], list[Figure]]
    promise: str


PARTS = (
    Part("kills", "Kills and restarts", 0.35, kills.run, kills.PROMISE),
    Part("fuzz", "Fuzz over every door", 0.2, fuzz.run, fuzz.PROMISE),
    Part("journal", "A damaged journal", 0.1, journal_faults.run, journal_faults.PROMISE),
    Part("stops", "Stop to silence", 0.15, stops.run, stops.PROMISE),
    Part("storms", "Storms of commands", 0.05, storms.run, storms.PROMISE),
    Part("signs", "Signs of life", 0.1, heartbeat.run, heartbeat.PROMISE),
    Part("device", "A device that hangs", 0.05, hanging_device.run, hanging_device.PROMISE),
    Part("small", "Small machines", 0.0, small_machines.run, small_machines.PROMISE),
)
HEAD = """\
# Reliability

What the daemon promises about faults, and what a campaign of faults saw. Written by
`scripts/test --campaign` (`TTS_CAMPAIGN_MINUTES=10`; `TTS_CAMPAIGN_PARTS` for some parts alone) on
loopback, with a real broker and the tests' tiny voice.
"""


def main() -> int:
    """Run the parts that are asked for, each for its share of the time; returns the exit status."""
    minutes = float(os.environ.get("TTS_CAMPAIGN_MINUTES", "10"))
    seed = int(os.environ.get("TTS_CAMPAIGN_SEED", str(int(time.time()))))
    wanted = set(filter(None, os.environ.get("TTS_CAMPAIGN_PARTS", "").split(",")))
    if strange := wanted - {part.name for part in PARTS}:
        print(f"campaign: no part is called {', '.join(strange)}", file=sys.stderr)
        return 2
    sections = _sections_so_far()
    directory = Path(tempfile.mkdtemp(prefix="campaign-"))
    is_broken = False
    try:
        for part in PARTS:
            if wanted and part.name not in wanted:
                continue
            print(f"campaign: {part.title}", flush=True)
            begin_s = time.monotonic()
            figures = part.run(directory / part.name, 60 * minutes * part.share, seed)
            is_broken |= not all(figure.holds for figure in figures)
            sections[part.title] = _section(part, figures, time.monotonic() - begin_s, seed)
            _write(sections)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"campaign: {'a promise was broken' if is_broken else 'all promises held'}; see {PAGE}")
    return int(is_broken)


def _sections_so_far() -> dict[str, str]:
    """What the page says, by title."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    pieces = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def _write(sections: dict[str, str]) -> None:
    known = [part.title for part in PARTS if part.title in sections]
    text = HEAD + "".join(f"\n## {title}\n\n{sections[title].strip()}\n" for title in known)
    PAGE.write_text(text, encoding="utf-8")


def _section(part: Part, figures: list[Figure], took_s: float, seed: int) -> str:
    rows = [f"| {figure.name} | {figure} | {_promised(figure)} |" for figure in figures]
    head = ["| counted | seen | promised |", "|---|---|---|"]
    how = f"Seen in {took_s / 60:.1f} minutes, seed {seed}, on {Machine.here()}."
    return "\n".join([part.promise, "", how, "", *head, *rows])


def _promised(figure: Figure) -> str:
    if figure.most is None:
        return ""
    limit = "none" if figure.most == 0 else f"at most {figure.most:g}"
    return limit if figure.holds else f"**{limit}**: not kept"


if __name__ == "__main__":
    sys.exit(main())
