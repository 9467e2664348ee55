"""The vocoder's kernels, built once for each state of their source."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
CACHE = CHECKOUT / ".cache" / "native"
BUILDER = CHECKOUT / "scripts" / "build-native"


def built(*options: str, compiler: str = "gcc", machine: str = "x86_64") -> Path:
    """The library, made by `compiler` with more options; skips where there is none."""
    command = compiler.split()[0]
    if shutil.which(command) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{command} is missing; scripts/test installs it")
        pytest.skip(f"{command} is missing")
    source = sorted((CHECKOUT / "tts_daemon" / "native").glob("*.[ch]"))
    digest = hashlib.sha256(" ".join([compiler, *options]).encode())
    for file in [BUILDER, CHECKOUT / "tts_daemon" / "native" / "transforms.py", *source]:
        digest.update(file.read_bytes())
    path = CACHE / f"{machine}-{digest.hexdigest()[:16]}.so"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        own = path.with_suffix(f".{os.getpid()}")
        subprocess.run(
            [BUILDER, "--compiler", compiler, "--machine", machine, "--output", own, "--",
             "-Wall", "-Wextra", "-Werror", *options],
            check=True,
        )  # fmt: skip
        own.replace(path)
    return path
