"""Nothing leaves the house: no command calls anyone, or leaves a file, that nobody asked for.

Every system call is watched, so that a dependency which begins to report home is found by its first
call, whatever it asks to be told to stop. Nothing in the environment says test, and HOME is empty.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from fakes.broker import Broker, free_port
from fakes.daemon_process import VOICE, VOICES, DaemonProcess
from fakes.http_client import HttpClient
from fakes.requirements import need_programs
from fakes.system_calls import Trace, needs_strace

from tts_daemon.workshop.models.random_voice import make_random_voice

HARMLESS = ("/dev/null", "/dev/shm/", "/proc/", "/var/lib/libuuid/")
"""The system's own: semaphores of threads, the kernel's files, the counter of unique numbers."""


@pytest.fixture
def trace(tmp_path: Path) -> Trace:
    needs_strace()
    return Trace(tmp_path)


def strangers(trace: Trace, *known: str) -> set[str]:
    """Addresses that nothing names; to look up a name is a call, too, on port 53."""
    return {address for address in trace.addresses() if address not in known}


def litter(trace: Trace, *places: Path) -> set[str]:
    """Files outside of the places that the command was given; in a home not even those."""
    assert not list(trace.home.iterdir())
    allowed = (*map(str, places), *HARMLESS)
    return {path for path in trace.files() if not path.startswith(allowed)}


def test_the_watch_would_notice(trace: Trace, tmp_path: Path) -> None:
    script = tmp_path / "tell_tale.py"
    script.write_text(
        "import os, pathlib, socket, subprocess, sys\n"
        "telling = 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);'\n"
        "subprocess.run([sys.executable, '-c', telling + 's.sendto(b\"\", (\"127.0.0.1\", 9))'])\n"
        "socket.socket(socket.AF_UNIX).connect_ex('/run/nobody')\n"
        "os.makedirs(os.path.expanduser('~/.cache'))\n"
        "pathlib.Path(os.path.expanduser('~/.cache/id')).write_text('me')\n"
    )
    trace.variables["PYTHONPATH"] = str(tmp_path)
    trace.run("tell_tale")
    assert strangers(trace) == {"127.0.0.1:9", "/run/nobody"}
    assert {str(trace.home / ".cache"), str(trace.home / ".cache" / "id")} <= trace.files()


def test_the_daemon_with_every_door_open(trace: Trace, tmp_path: Path) -> None:
    need_programs("mosquitto", install="apt-get install mosquitto")
    broker = Broker(tmp_path)
    broker.start()
    state = tmp_path / "state"
    state.mkdir()
    daemon = DaemonProcess(state)
    http, wyoming = HttpClient(free_port()), free_port()
    daemon.configure(
        mqtt={"enabled": True, "host": "127.0.0.1", "port": broker.port, "node": "living"},
        http={"enabled": True, "port": http.port},
        wyoming={"enabled": True, "port": wyoming},
        metrics={"textfile": str(state / "tts.prom")},
        audio={"device": f"wav-fast:{state / 'heard.wav'}"},
    )
    try:
        daemon.launch(*trace.wrapper, environment=trace.variables)
        daemon.hear("READY=1")
        assert daemon.ask(text="你好，world，26.5℃。", wait=True)["event_type"] == "finished"
        assert http.post("/api/tts", {"text": "你好"}).status == 200
        socket.create_connection(("127.0.0.1", wyoming)).close()
        trace.end_child(daemon.pid)
        assert daemon.wait() == 0
    finally:
        daemon.close()
        broker.stop()
    told = {str(daemon.socket), str(state / "notify")}
    doors = {f"127.0.0.1:{port}" for port in (broker.port, http.port, wyoming)}
    assert strangers(trace, *told, *doors) == set()
    assert litter(trace, state) == set()


def test_tts_say_without_a_daemon(trace: Trace, tmp_path: Path) -> None:
    config, sound = tmp_path / "config.yaml", tmp_path / "sound.wav"
    config.write_text(f"voice: {{default: {VOICE}, models: [{VOICES}]}}\n")
    trace.run(
        "tts_daemon.cli.say", "--local", "--config", config, "--output", sound, "你好，Wi-Fi。"
    )
    assert sound.stat().st_size > 1000
    assert strangers(trace) == set()
    assert litter(trace, sound) == set()


def test_tts_voices_and_tts_bench(trace: Trace, tmp_path: Path) -> None:
    trace.run("tts_daemon.cli.voices", "--models", VOICES, "list")
    assert strangers(trace) == litter(trace) == set()
    measured = (VOICE, "--text", "你好。", "--repeats", "1", "--json")
    trace.run("tts_daemon.cli.bench", "--models", VOICES, *measured)
    assert strangers(trace) == litter(trace, Path("/tmp")) == set()


def test_a_conversion(trace: Trace, tmp_path: Path) -> None:
    model = make_random_voice(tmp_path / "model")
    texts = tmp_path / "texts.txt"
    texts.write_text("你好，今天天气怎么样？\n太好了！\n")
    voices = tmp_path / "voices"
    chosen = ("convert", model, "--name", "mine", "--calibration", texts)
    trace.run("tts_daemon.cli.voices", "--models", voices, *chosen)
    assert (voices / "mine" / "voice.json").exists()
    assert strangers(trace) == set()
    assert litter(trace, voices, Path("/tmp")) == set()
