"""tts-daemon's looks at the configuration."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
import yaml

from tts_daemon.cli.daemon import BAD_SETTINGS, main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("mqtt: {host: broker, password: hunter2}\n", encoding="utf-8")
    return path


def test_a_right_configuration_is_said_to_be_right(config: Path, capsys: Captured) -> None:
    assert main(["--config", str(config), "--check-config"]) == 0
    assert "is right" in capsys.readouterr().out


def test_a_wrong_one_is_told_line_by_line(config: Path, capsys: Captured) -> None:
    config.write_text("audio: {volum: 3}\nqueue: {limit: 0}\n", encoding="utf-8")
    assert main(["--config", str(config), "--check-config"]) == BAD_SETTINGS
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"tts-daemon: {config}:1: audio.volum: unknown key")
    assert "audio.volume?" in first
    assert second.startswith(f"tts-daemon: {config}:2: queue.limit: 0 is out of range")


@pytest.mark.parametrize("kind", ["directory", "letter", "database"])
def test_a_path_that_is_no_journal_is_refused(
    tmp_path: Path, config: Path, capsys: Captured, kind: str
) -> None:
    path = tmp_path / "queue.db"
    config.write_text(f"queue: {{journal: {path}}}\n", encoding="utf-8")
    if kind == "directory":
        path.mkdir()
    elif kind == "letter":
        path.write_text("Dear aunt,")
    else:
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA application_id=7")
    assert main(["--config", str(config), "--check-config"]) == BAD_SETTINGS
    assert f"queue.journal: {path} " in capsys.readouterr().err


def test_a_missing_file_is_told(tmp_path: Path, capsys: Captured) -> None:
    assert main(["--config", str(tmp_path / "none.yaml"), "--print-config"]) == BAD_SETTINGS
    assert "none.yaml: cannot be read" in capsys.readouterr().err


def test_values_in_force_are_printed_with_their_origin(config: Path, capsys: Captured) -> None:
    assert main(["--config", str(config), "--print-config"]) == 0
    text = capsys.readouterr().out
    assert f"host: broker  # {config}:1" in text
    assert "hunter2" not in text
    assert yaml.safe_load(text)["mqtt"]["host"] == "broker"


def test_a_daemon_with_wrong_settings_does_not_start(config: Path, capsys: Captured) -> None:
    config.write_text("audio: {volum: 3}\n", encoding="utf-8")
    assert main(["--config", str(config)]) == BAD_SETTINGS
    assert "audio.volum" in capsys.readouterr().err
