"""What scripts/run and scripts/test share: done once, and again only when something changed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"
RECORD = '#!/bin/sh\nprintf "%s\\n" "$*" >> "{calls}"\n'


class Checkout:
    """An empty checkout whose commands only record that they were called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls_file = root / "calls"
        for name in ("pyproject.toml", "constraints.txt"):
            (root / name).write_text("[project]\n", encoding="utf-8")
        for name in (".venv/bin/python", "bin/apt-get", "bin/sudo", "bin/env"):
            self.command(name, RECORD.format(calls=self.calls_file))

    def command(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.root}/bin:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"source {SCRIPTS}/setup.sh; {script}"],
            cwd=self.root,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_second_run_installs_nothing(checkout: Checkout) -> None:
    assert checkout.run("pip_install run --editable .").returncode == 0
    assert len(checkout.calls) == 1
    checkout.run("pip_install run --editable .")
    assert len(checkout.calls) == 1


@pytest.mark.parametrize("what", ["--editable .[dev]", "torch==2.13.0"])
def test_another_wish_is_installed(checkout: Checkout, what: str) -> None:
    checkout.run("pip_install run --editable .")
    checkout.run(f"pip_install run {what}")
    assert checkout.calls[-1].endswith(what)


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_a_changed_project_is_installed_again(checkout: Checkout, changed: str) -> None:
    checkout.run("pip_install run --editable .")
    (checkout.root / changed).write_text("[project]\nname = 'x'\n", encoding="utf-8")
    checkout.run("pip_install run --editable .")
    assert len(checkout.calls) == 2


def test_a_failed_installation_is_tried_again(checkout: Checkout) -> None:
    works = (checkout.root / ".venv/bin/python").read_text()
    checkout.command(".venv/bin/python", "#!/bin/sh\nexit 1\n")
    assert checkout.run("pip_install run --editable .").returncode != 0
    checkout.command(".venv/bin/python", works)
    checkout.run("pip_install run --editable .")
    assert len(checkout.calls) == 1


def test_packages_that_are_there_need_no_root(checkout: Checkout) -> None:
    checkout.command("bin/dpkg-query", "#!/bin/sh\nprintf installed\n")
    assert checkout.run('install_packages "sound" libportaudio2').returncode == 0
    assert checkout.calls == []


def test_missing_packages_are_installed_with_progress(checkout: Checkout) -> None:
    checkout.command("bin/dpkg-query", "#!/bin/sh\nexit 1\n")
    ended = checkout.run('install_packages "sound" libportaudio2 x')
    assert ended.returncode == 0
    assert "Installing Debian packages for sound: libportaudio2 x" in ended.stderr
    assert any(call.endswith("libportaudio2 x") for call in checkout.calls)


def test_a_system_without_dpkg_is_told_what_to_install(checkout: Checkout) -> None:
    ended = checkout.run('PATH=/nonexistent install_packages "sound" libportaudio2')
    assert ended.returncode == 1
    assert "for sound, install yourself what Debian calls libportaudio2" in ended.stderr


@pytest.mark.parametrize("name", ["run", "test"])
def test_help_installs_nothing(name: str) -> None:
    ended = subprocess.run(
        [SCRIPTS / name, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.startswith(f"usage: scripts/{name}")
    assert "Installing" not in ended.stderr


def test_an_output_without_a_text_is_wrong_usage() -> None:
    ended = subprocess.run(
        [SCRIPTS / "run", "--output", "x.wav"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "--output needs --once TEXT" in ended.stderr
