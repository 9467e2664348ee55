"""tts-say with a daemon and without one: the same words, the same sound."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fakes.daemon_process import DaemonProcess
from fakes.hearing import assert_says, read_wav

TEXT = "你好，今天天气怎么样？"


def say(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tts_daemon.cli.say", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_local_and_daemon_write_the_same(daemon: DaemonProcess) -> None:
    daemon.start()
    by_daemon, local = daemon.directory / "daemon.wav", daemon.directory / "local.wav"
    assert say("--socket", daemon.socket, "--output", by_daemon, TEXT).returncode == 0
    assert say("--local", "--config", daemon.config, "--output", local, TEXT).returncode == 0
    assert_says(*read_wav(local), TEXT)
    assert by_daemon.read_bytes() == local.read_bytes()


def test_local_speaks_on_the_configured_device(daemon: DaemonProcess) -> None:
    heard = daemon.directory / "heard.wav"
    daemon.configure(audio={"device": f"wav-fast:{heard}"})
    ended = say("--local", "--config", daemon.config, TEXT)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert_says(*read_wav(heard), TEXT)


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--voice", "tiny_voise"], 2, "voice: no voice is called 'tiny_voise'"),
        (["--emotion", "hapy"], 2, "did you mean 'happy'?"),
        (["--output", "/nowhere/x.wav"], 2, "--output: /nowhere/x.wav cannot be written"),
    ],
)
def test_local_refuses_as_the_daemon_does(
    daemon: DaemonProcess, options: list[str], status: int, message: str
) -> None:
    daemon.configure()
    ended = say("--local", "--config", daemon.config, *options, TEXT)
    assert ended.returncode == status
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reader_that_stops_reading_is_no_traceback(daemon: DaemonProcess) -> None:
    daemon.start()
    command = f'"$0" -m tts_daemon.cli.say --socket "$1" --output - {TEXT} | head -c 10'
    ended = subprocess.run(
        ["bash", "-c", command, sys.executable, str(daemon.socket)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout.startswith(b"RIFF")
    assert ended.stderr == b""
