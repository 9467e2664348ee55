"""Do the tests bite? Puts small mistakes into modules, one at a time, and counts what is noticed.

    .venv/bin/pip install -e '.[dev,mutation]'
    .venv/bin/python tests/mutation [--jobs N] [--every N] [MODULE...]

Which tests a module has stands in subjects.tsv. A mutant that survives is a hole in the tests, or
it is no mistake at all: those stand in equivalent.tsv, each with its reason. Ends with 1 where a
module has a survivor that is not explained, or fewer than nine in ten mutants were noticed.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from score import score, table


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1, help="how many modules at a time")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth mutant")
    parser.add_argument("modules", nargs="*", help="default: all of subjects.tsv")
    options = parser.parse_args()
    subjects = {row["module"]: row["tests"].split() for row in table("subjects")}
    chosen = options.modules or list(subjects)
    if unknown := [module for module in chosen if module not in subjects]:
        parser.error(f"not in subjects.tsv: {', '.join(unknown)}")
    print("| module | mutants | killed | equivalent | holes |\n|---|---|---|---|---|", flush=True)
    enough = True
    with ProcessPoolExecutor(options.jobs, max_tasks_per_child=1) as pool:
        trials = [
            pool.submit(score, Path(module), subjects[module], options.every) for module in chosen
        ]
        for result in (trial.result() for trial in trials):
            enough = enough and result.is_enough
            print(result, flush=True)
            for hole in result.holes:
                print(f"  line {hole.line}\n    {hole.before}\n    {hole.after}", flush=True)
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
