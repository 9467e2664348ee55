"""scripts/install looks at the machine first, and says what it lacks; nothing is changed here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

INSTALL = Path(__file__).resolve().parents[3] / "scripts/install"
FINE = {
    "getconf": "echo 64",
    "awk": "echo 1000",
    "df": "echo 9000M",
    "dpkg-query": "echo not-installed",
    "apt-get": "exit 1",
}
"""Programs that tell the script about a machine on which everything is well."""


def look(place: Path, **lies: str) -> subprocess.CompletedProcess[str]:
    for name, answer in {**FINE, **lies}.items():
        program = place / name
        program.write_text(f"#!/bin/sh\n{answer}\n")
        program.chmod(0o755)
    return subprocess.run(
        [INSTALL, "--check"],
        env={"PATH": f"{place}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_machine_that_will_do(tmp_path: Path) -> None:
    result = look(tmp_path)
    assert result.returncode == 0, result.stderr
    assert "This machine will do" in result.stderr


@pytest.mark.parametrize(
    ("lie", "complaint"),
    [
        ({"getconf": "echo 32"}, "install the 64-bit Raspberry Pi OS"),
        ({"awk": "echo 430"}, "430 MB of memory, 700 MB are needed"),
        ({"df": "echo 120M"}, "120 MB free at"),
        ({"dpkg-query": "printf installed"}, "sudo apt remove tts-daemon"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    tmp_path: Path, lie: dict[str, str], complaint: str
) -> None:
    result = look(tmp_path, **lie)
    assert result.returncode == 1
    assert complaint in result.stderr


def test_an_unknown_option_is_refused() -> None:
    result = subprocess.run(
        [INSTALL, "--check", "--dry-run"], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 1
    assert "unknown option --dry-run" in result.stderr
