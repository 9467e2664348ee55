"""Compressed formats where a process may not make code, as under the service's unit."""

from __future__ import annotations

import subprocess
import sys

import pytest

PR_SET_MDWE = 65
FORBIDDEN = 3
SCRIPT = f"""
import ctypes, sys
if ctypes.CDLL(None).prctl({PR_SET_MDWE}, 1, 0, 0, 0):
    sys.exit({FORBIDDEN})
from tts_daemon.inputs.http.encoding import FORMATS
for known in FORMATS.values():
    encoder = known.encoder(16000)
    made = encoder.add(bytes(64000)) + encoder.finish()
    assert len(made) > 100, known.name
"""


def test_no_format_needs_memory_that_is_written_and_run() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    if done.returncode == FORBIDDEN:
        pytest.skip("the kernel is older than 6.3")
    assert done.returncode == 0, done.stderr
