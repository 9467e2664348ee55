"""The suite's own rules: nothing personal leaks in, and where CI is set no skip passes unseen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
LISTED = """
import pytest
def test_listed(): pytest.skip("this machine has a sound card")
"""
SKIPS = """
import pytest
def test_unlisted(): pytest.skip("no time")
def test_library(): pytest.importorskip("not_there")
"""
MODULE = "import pytest\npytest.importorskip('not_there')\ndef test_one(): pass\n"
SEES = """
import os, time
def test_environment():
    assert "http_proxy" not in os.environ
    assert not [name for name in os.environ if name.startswith("TTS_DAEMON__")]
    assert os.environ["HOME"] != "/somebody"
    assert time.tzname[0] == "UTC"
    assert os.umask(0o022) == 0o022
"""


def suite(
    directory: Path, files: dict[str, str], *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """A suite of some files under the rules of this one."""
    shutil.copy(CONFTEST, directory)
    for name, text in files.items():
        (directory / f"test_{name}.py").write_text(text, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(directory)],
        env={**kept, **variables},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_skips_pass_on_a_laptop(tmp_path: Path) -> None:
    assert suite(tmp_path, {"listed": LISTED, "skips": SKIPS}).returncode == 0


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_skip_without_a_listed_reason_fails_where_ci_is_set(tmp_path: Path, workers: str) -> None:
    files = {"listed": LISTED, "skips": SKIPS, "module": MODULE}
    ended = suite(tmp_path, files, "-n", workers, CI="true")
    assert ended.returncode == 1
    told = [line for line in ended.stdout.splitlines() if "without a listed reason" in line]
    assert len(told) == 3
    assert all(any(n in line for n in ("unlisted", "library", "test_module")) for line in told)


def test_a_persons_environment_does_not_leak_in(tmp_path: Path) -> None:
    ended = suite(
        tmp_path,
        {"listed": LISTED, "environment": SEES},
        CI="true",
        http_proxy="http://10.0.0.1:3128",
        TTS_DAEMON__MQTT__HOST="elsewhere",
        HOME="/somebody",
        TZ="Asia/Shanghai",
    )
    assert ended.returncode == 0, ended.stdout
