"""Would the tests notice? Breaks the product on purpose, one fault at a time, and runs the tests.

    .venv/bin/python tests/faults [--list] [NAME...]

Each fault of faults.toml is put into a copy of what git knows of this checkout, and the tests that
are named there are run on the copy. Ends with 1 where a fault is not noticed, or where its place is
not found any more: then faults.toml has to follow the code.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 900


@dataclass(frozen=True)
class Fault:
    """One way to break the product.

    Attributes:
        name: What is wrong then.
        file: Where.
        old, new: The text that is replaced, and by what.
        tests: Tests of the everyday suite that should notice.
    """

    name: str
    file: str
    old: str
    new: str
    tests: list[str]


def read_faults() -> list[Fault]:
    """All of faults.toml."""
    text = Path(__file__).with_name("faults.toml").read_text(encoding="utf-8")
    return [Fault(**row) for row in tomllib.loads(text)["fault"]]


def place(fault: Fault, checkout: Path = CHECKOUT) -> str:
    """The file with the fault in it. Raises ValueError where its place is not found once."""
    text = (checkout / fault.file).read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        raise ValueError(f"{fault.file} has its place {text.count(fault.old)} times")
    return text.replace(fault.old, fault.new)


def copy_checkout(target: Path) -> None:
    """What git knows, with changes that are not committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)


def fail(tests: list[str], copy: Path) -> bool:
    """Whether one of these tests fails on the copy. Raises ValueError where they cannot be run."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
        cwd=copy,
        # The copy comes before the installed checkout, in the processes of the tests as well.
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if ended.returncode not in (0, 1):
        raise ValueError(f"pytest ended with {ended.returncode}: {ended.stdout[-500:]}")
    return ended.returncode == 1


def is_noticed(fault: Fault, copy: Path) -> bool:
    """Run its tests on a copy that has the fault. Raises ValueError (see `place`, `fail`)."""
    file = copy / fault.file
    sound = file.read_text(encoding="utf-8")
    file.write_text(place(fault), encoding="utf-8")
    try:
        return fail(fault.tests, copy)
    finally:
        file.write_text(sound, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--list", action="store_true", help="only the names")
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    options = parser.parse_args()
    faults = read_faults()
    if options.list:
        print("\n".join(fault.name for fault in faults))
        return 0
    chosen = [fault for fault in faults if not options.names or fault.name in options.names]
    missed = 0
    with tempfile.TemporaryDirectory() as directory:
        copy_checkout(Path(directory))
        if fail(sorted({test for fault in chosen for test in fault.tests}), Path(directory)):
            print("the tests fail without any fault: nothing can be learnt from them")
            return 1
        print("| fault | noticed |\n|---|---|")
        for fault in chosen:
            try:
                answer = "yes" if is_noticed(fault, Path(directory)) else "NO"
            except ValueError as error:
                answer = f"not tried: {error}"
            missed += answer != "yes"
            print(f"| {fault.name} | {answer} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
