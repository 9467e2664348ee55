"""The doctor finds what is wrong and names what mends it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tts_daemon.cli import doctor as command
from tts_daemon.errors import AudioUnavailableError
from tts_daemon.service.doctor import Finding, Probes, Verdict, examine
from tts_daemon.settings.schema import Settings


def fine(_: Settings) -> str:
    return "as it should be"


def broken(_: Settings) -> str:
    raise AudioUnavailableError("no device")


def findings(config: Path, probes: Probes | None = None) -> dict[str, Finding]:
    return {found.check: found for found in examine(config, probes or Probes(fine, fine))}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(
        f"socket: {{path: {tmp_path / 'tts.sock'}}}\nqueue: {{journal: {tmp_path / 'queue.db'}}}\n"
    )
    return path


def test_a_sound_machine_has_no_problem(config: Path) -> None:
    found = findings(config)
    assert all(item.verdict is not Verdict.PROBLEM for item in found.values())
    assert found["daemon"].verdict is Verdict.NOTICE
    assert "systemctl start" in found["daemon"].remedy


def test_wrong_settings_end_the_examination_and_are_named(config: Path) -> None:
    config.write_text("audio: {devise: default}\n")
    found = findings(config)
    assert "audio.device" in found["settings"].message
    assert "voice" not in found


def test_a_failing_probe_is_a_problem_with_a_remedy(config: Path) -> None:
    sound = findings(config, Probes(fine, broken))["sound"]
    assert sound.verdict is Verdict.PROBLEM
    assert sound.message == "no device"
    assert sound.remedy


def test_a_silent_broker_is_a_problem(config: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with config.open("a") as file:
            file.write(f"mqtt: {{enabled: true, host: 127.0.0.1, port: {port}}}\n")
        assert findings(config)["broker"].verdict is Verdict.PROBLEM


def test_a_listening_broker_is_fine(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with config.open("a") as file:
            file.write(f"mqtt: {{enabled: true, host: 127.0.0.1, port: {port}}}\n")
        assert findings(config)["broker"].verdict is Verdict.FINE


def test_a_daemon_that_answers_is_fine(config: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "tts.sock"))
        server.listen()
        assert findings(config)["daemon"].verdict is Verdict.FINE


def test_the_command_prints_json_and_fails_on_a_problem(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "probe_voice", fine)
    monkeypatch.setattr(command, "probe_sound", broken)
    assert command.main(["--config", str(config), "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"check": "sound", "verdict": "problem"}.items() <= lines[-3].items()
