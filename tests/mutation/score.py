"""How many of a module's mutants its tests notice."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mutants import Mutant, mutants
from trial import CHECKOUT, Tests

HERE = Path(__file__).parent
ENOUGH = 0.9


@dataclass
class Score:
    """How many mutants of a module there were, and what became of them.

    Attributes:
        module: Which.
        count: All of them.
        killed: Those that a test noticed, by failing or by never ending.
        equivalent: Those that survived and are no mistake.
        holes: The other survivors.
    """

    module: Path
    count: int = 0
    killed: int = 0
    equivalent: int = 0
    holes: list[Mutant] = field(default_factory=list)

    @property
    def is_enough(self) -> bool:
        return not self.holes and self.killed >= ENOUGH * self.count

    def __str__(self) -> str:
        ratio = self.killed / max(self.count, 1)
        cells = (self.module, self.count, f"{ratio:.0%}", self.equivalent, len(self.holes))
        return f"| {' | '.join(map(str, cells))} |"


def score(module: Path, tests: list[str], every: int = 1) -> Score:
    """Try every mutant of a module, or for a first look only every second, third ..."""
    result = Score(module)
    harmless = {
        (row["before"], row["after"]) for row in table("equivalent") if row["module"] == str(module)
    }
    ready = Tests(module, tests)
    tried = islice(mutants((CHECKOUT / module).read_text(encoding="utf-8")), None, None, every)
    for mutant in tried:
        result.count += 1
        if ready.judge(mutant.source) != "survived":
            result.killed += 1
        elif (mutant.before, mutant.after) in harmless:
            result.equivalent += 1
        else:
            result.holes.append(mutant)
    return result


def table(name: str) -> list[dict[str, str]]:
    """Rows of a file beside this one."""
    with (HERE / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
