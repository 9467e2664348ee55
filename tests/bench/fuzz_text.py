"""Reads many odd strings, and reports the slowest.

    python -m bench.fuzz_text COUNT [SEED]      (from tests/; one line for every tenth)

A string that fails is printed with its number; the same SEED makes the same strings.
"""

from __future__ import annotations

import sys
import time
from itertools import islice

from fakes.text_fuzz import Checker, strings


def main(arguments: list[str]) -> int:
    """Run COUNT strings; returns 1 when one of them failed."""
    count, seed = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 0
    checker, failed, slowest_s, slowest = Checker(), 0, 0.0, ""
    for number, text in enumerate(islice(strings(seed), count), start=1):
        start = time.thread_time()
        try:
            checker.check(text)
        except Exception as error:
            failed += 1
            print(f"{number}: {text!r}: {error!r}", flush=True)
        taken_s = time.thread_time() - start
        if taken_s > slowest_s:
            slowest_s, slowest = taken_s, text
        if number % max(1, count // 10) == 0:
            print(
                f"{number} strings, {failed} failed, slowest {slowest_s:.3f} s: {slowest!r}",
                flush=True,
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
