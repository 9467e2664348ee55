"""What tests keep in .cache/ between runs: the newest of each kind, and nothing unfinished."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path


def kept(target: Path, kind: str, make: Callable[[Path], None]) -> Path:
    """A directory that is made once, under a name that changes with what it is made of.

    Args:
        target: Where it lies, once it is whole.
        kind: How the names of its predecessors begin; they are removed when it is made.
        make: Makes it in the directory that it is given.
    """
    if target.exists():
        return target
    unfinished = target.with_name(f"{target.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    make(unfinished)
    for old in target.parent.glob(f"{kind}*"):
        if old != unfinished:
            shutil.rmtree(old)
    return unfinished.rename(target)
