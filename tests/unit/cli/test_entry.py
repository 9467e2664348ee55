"""Every command, started as a shell starts it: its ends are no tracebacks."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tts_daemon import __version__

ROOT = Path(__file__).parents[3]
COMMANDS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "scripts"
]
START = (
    "import sys; from {module} import {function}; sys.argv[0] = {name!r}; sys.exit({function}())"
)


def command(name: str, *arguments: str) -> list[str]:
    """What the installed command does."""
    module, function = COMMANDS[name].split(":")
    code = START.format(module=module, function=function, name=name)
    return [sys.executable, "-c", code, *arguments]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_its_version(name: str) -> None:
    told = subprocess.run(
        command(name, "--version"), capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout == f"{name} {__version__}\n"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("tts-daemon", ["--print-defaults"]), ("tts-frontend", ["你好"]), ("tts-voices", ["list"])],
)
def test_a_full_disk_is_said(name: str, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command(name, *arguments),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"{name}: ")
    assert line.endswith("No space left on device")


def test_a_reader_that_goes_away_ends_the_command_in_silence() -> None:
    process = subprocess.Popen(
        command("tts-daemon", "--print-defaults"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (141, b"")


def test_a_closed_standard_input_is_said() -> None:
    ended = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *command("tts-say", "--local")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == "tts-say: text: none given, and standard input is closed\n"


def test_ctrl_c_is_no_traceback() -> None:
    process = subprocess.Popen(
        command("tts-say", "--local"),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Who runs the tests in the background of a shell ignores Ctrl-C, and hands that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdin is not None
    assert process.stderr is not None
    with process:
        # It waits for its standard input by now, or is still importing: both end the same way.
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        complaint = process.stderr.read()
    assert process.returncode in (130, -signal.SIGINT), complaint


def test_no_more_is_read_than_can_be_sent() -> None:
    endless = subprocess.Popen(["yes", "你好"], stdout=subprocess.PIPE)
    ended = subprocess.run(
        command("tts-say", "--local"),
        stdin=endless.stdout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    endless.kill()
    endless.wait()
    assert ended.returncode == 2
    assert "text: more than 1048576 bytes" in ended.stderr
