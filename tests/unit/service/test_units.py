"""The units as systemd reads them, without running them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.requirements import need_programs

UNITS = Path(__file__).resolve().parents[3] / "systemd"
MOST_EXPOSURE = 1.5


@pytest.fixture(scope="module", autouse=True)
def _systemd() -> None:
    need_programs("systemd-analyze", install="apt-get install systemd")


def analyze(*arguments: str | Path) -> str:
    command = ["systemd-analyze", "--no-pager", *arguments]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, timeout=60
    ).stdout


def test_nothing_in_the_units_is_misspelt(tmp_path: Path) -> None:
    for name in ("tts-daemon.service", "tts-daemon.socket"):
        # A program that exists here in the place of the one that is not installed.
        text = (UNITS / name).read_text()
        (tmp_path / name).write_text(
            re.sub(r"(?<=^ExecStart=)\S+", sys.executable, text, flags=re.M)
        )
    assert analyze("verify", *tmp_path.iterdir()) == ""


def test_the_service_is_closed_and_says_why_it_is_open(tmp_path: Path) -> None:
    table = analyze("security", "--offline=true", UNITS / "tts-daemon.service")
    exposure = re.search(r"exposure level.*?: ([\d.]+)", table)
    assert exposure is not None
    assert float(exposure.group(1)) <= MOST_EXPOSURE
    comments = (UNITS / "tts-daemon.service").read_text().partition("what is left open")[2]
    for setting in re.findall(r"^✗ (\w+=?(?:~\w+)?)", table, flags=re.M):
        assert setting.removeprefix("RestrictAddressFamilies=~") in comments
