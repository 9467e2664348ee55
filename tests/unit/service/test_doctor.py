"""The doctor finds what is wrong and names what mends it."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from tts_daemon.cli import doctor as command
from tts_daemon.errors import AudioUnavailableError, DeviceBusyError
from tts_daemon.extras import start_command
from tts_daemon.service import machine, probes
from tts_daemon.service.doctor import Probes, examine
from tts_daemon.service.findings import Finding, Severity
from tts_daemon.settings import places
from tts_daemon.settings.schema import Settings


def fine(_: Settings) -> str:
    return "as it should be"


def broken(_: Settings) -> str:
    raise AudioUnavailableError("no device")


def findings(config: Path, checks: Probes | None = None) -> dict[str, Finding]:
    return {
        found.check: found for found in examine(config, checks or Probes(fine, fine, fine, fine))
    }


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(
        f"socket: {{path: {tmp_path / 'tts.sock'}}}\nqueue: {{journal: {tmp_path / 'queue.db'}}}\n"
    )
    return path


def test_a_sound_machine_has_no_problem(config: Path) -> None:
    found = findings(config)
    assert all(item.severity is not Severity.PROBLEM for item in found.values())
    assert found["daemon"].severity is Severity.NOTICE
    assert found["daemon"].remedy == start_command()


def test_wrong_settings_end_the_examination_and_are_named(config: Path) -> None:
    config.write_text("audio: {devise: default}\n")
    found = findings(config)
    assert "audio.device" in found["settings"].message
    assert "voice" not in found


def test_a_failing_probe_is_a_problem_with_a_remedy(config: Path) -> None:
    sound = findings(config, Probes(fine, fine, broken, fine))["sound"]
    assert sound.severity is Severity.PROBLEM
    assert sound.message == "no device"
    assert sound.remedy


def test_a_missing_portaudio_is_named(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with config.open("a") as file:
        file.write("audio: {device: hw:0}\n")
    sound = findings(config, Probes(fine, fine, probes.probe_sound, fine))["sound"]
    assert (sound.severity, sound.remedy) == (
        Severity.PROBLEM,
        "sudo apt install libportaudio2",
    )


@pytest.mark.parametrize(
    ("prefix", "command"),
    [
        ("/opt/tts-daemon/releases/1", "sudo systemctl start tts-daemon"),
        ("/usr/lib/tts-daemon", "sudo systemctl start tts-daemon"),
        ("/home/me/tools", "/home/me/tools/bin/tts-daemon"),
    ],
)
def test_the_start_command_is_that_of_the_installation(
    tmp_path: Path, prefix: str, command: str
) -> None:
    assert start_command(Path(prefix), tmp_path) == command
    (tmp_path / "pyproject.toml").touch()
    assert start_command(Path(prefix), tmp_path) == f"{tmp_path}/scripts/run"


def test_a_broker_is_asked_only_where_one_is_used(config: Path) -> None:
    assert "not used" in findings(config, Probes(fine, fine, fine, broken))["broker"].message
    with config.open("a") as file:
        file.write("mqtt: {enabled: true}\n")
    broker = findings(config, Probes(fine, fine, fine, broken))["broker"]
    assert broker.severity is Severity.PROBLEM
    assert "mqtt.host" in broker.remedy


def test_a_password_that_only_root_may_read_is_no_problem_of_the_broker(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "SYSTEM_CREDENTIALS", tmp_path)
    monkeypatch.setattr("os.access", lambda *_: False)
    with config.open("a") as file:
        file.write("mqtt: {enabled: true, username: tts}\n")
    broker = findings(config, Probes(fine, fine, fine, broken))["broker"]
    assert (broker.severity, broker.remedy) == (Severity.NOTICE, "sudo tts-doctor")


def test_the_services_secrets_are_root_s_to_use(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mqtt-password").write_text("secret")
    monkeypatch.setattr(places, "SYSTEM_CREDENTIALS", tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with config.open("a") as file:
        file.write("mqtt: {enabled: true, username: tts}\n")

    def password(settings: Settings) -> str:
        return settings.mqtt.password

    assert findings(config, Probes(fine, fine, fine, password))["broker"].message == "secret"


@pytest.mark.parametrize(
    ("year", "synchronised", "severity"),
    [(1970, "yes", Severity.PROBLEM), (2031, "no", Severity.NOTICE), (2031, "yes", Severity.FINE)],
)
def test_the_clock(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    year: int,
    synchronised: str,
    severity: Severity,
) -> None:
    timedatectl = tmp_path / "timedatectl"
    timedatectl.write_text(f"#!/bin/sh\necho {synchronised}\n")
    timedatectl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    now = time.struct_time((year, 6, 1, 12, 0, 0, 0, 152, 0))
    monkeypatch.setattr(machine.time, "localtime", lambda: now)
    assert machine.clock().severity is severity


class BusyDevice:
    def __init__(self, name: str) -> None:
        self.name = name

    def open(self) -> int:
        raise DeviceBusyError("another program holds it")


def test_a_device_that_the_daemon_itself_holds_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "AlsaDevice", BusyDevice)
    monkeypatch.setattr(probes, "_is_speaking", lambda _: True)
    assert "in use by the daemon" in probes.probe_sound(Settings())
    monkeypatch.setattr(probes, "_is_speaking", lambda _: False)
    with pytest.raises(DeviceBusyError):
        probes.probe_sound(Settings())


def test_a_daemon_that_answers_is_fine(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "tts.sock"))
        server.listen()
        # It accepts, and is too busy to answer.
        monkeypatch.setattr("tts_daemon.service.doctor.DAEMON_TIMEOUT_S", 0.05)
        assert findings(config)["daemon"].severity is Severity.FINE


def test_what_the_daemon_itself_complains_of_is_a_problem(config: Path, tmp_path: Path) -> None:
    said = {"ok": True, "troubles": {"journal": "is locked", "http": "port 5000 is taken"}}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "tts.sock"))
        server.listen()

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(100)
                client.sendall(json.dumps(said).encode() + b"\n")

        thread = threading.Thread(target=answer)
        thread.start()
        found = findings(config)
        thread.join()
    assert found["daemon's http"].message == "port 5000 is taken"
    assert found["daemon's journal"].severity is Severity.PROBLEM


def test_a_journal_that_is_none_is_a_problem(config: Path, tmp_path: Path) -> None:
    (tmp_path / "queue.db").mkdir()
    assert "is a directory" in findings(config)["journal"].message


def test_the_command_prints_json_and_fails_on_a_problem(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "probe_voice", fine)
    monkeypatch.setattr(command, "probe_sound", broken)
    assert command.main(["--config", str(config), "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"check": "sound", "severity": "problem"}.items() <= lines[-3].items()
