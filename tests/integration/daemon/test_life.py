"""From start to end: readiness, reload, signals, a crash, a missing sound card."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import pytest
from fakes.daemon_process import VOICE, DaemonProcess
from fakes.hearing import assert_says, read_wav

from tts_daemon.client import SocketClient
from tts_daemon.sound.devices.alsa import device_names


def test_it_speaks_what_tts_say_is_given(daemon: DaemonProcess) -> None:
    heard = daemon.directory / "heard.wav"
    daemon.start(audio={"device": f"wav-fast:{heard}"})
    reply = subprocess.run(
        [sys.executable, "-m", "tts_daemon.cli.say", "--socket", daemon.socket, "--wait", "--json"],
        input="你好，世界。",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    finished = json.loads(reply)
    assert finished["event_type"] == "finished"
    assert finished["real_time_factor"] > 0
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    pcm, rate = read_wav(heard)
    assert 1000 * len(pcm) / rate == pytest.approx(finished["audio_ms"], abs=100)
    assert_says(pcm, rate, "你好，世界。")


def test_the_end_is_announced_and_everything_is_given_back(daemon: DaemonProcess) -> None:
    daemon.start()
    daemon.ask(text="好")
    daemon.hear("WATCHDOG=1")
    daemon.signal(signal.SIGINT)
    daemon.hear("STOPPING=1")
    assert daemon.wait() == 0
    assert not daemon.socket.exists()
    assert "Traceback" not in daemon.log


def test_a_reload_brings_new_presets(daemon: DaemonProcess) -> None:
    daemon.start()
    assert daemon.ask(text="好", preset="news")["ok"] is False
    daemon.configure(presets={"news": {"speed": 1.2}}, mqtt={"host": "elsewhere"})
    daemon.signal(signal.SIGHUP)
    daemon.hear("RELOADING=1")
    daemon.hear("READY=1")
    assert daemon.ask(text="好", preset="news", wait=True)["event_type"] == "finished"
    assert "these changes need a restart: mqtt.host" in daemon.log


def test_a_broken_reload_keeps_the_old_settings_and_says_why(daemon: DaemonProcess) -> None:
    daemon.start(presets={"news": {"speed": 1.2}})
    daemon.configure(presets={"news": {"sped": 1.2}})
    daemon.signal(signal.SIGHUP)
    daemon.hear("RELOADING=1")
    daemon.hear("READY=1")
    assert daemon.ask(text="好", preset="news", wait=True)["event_type"] == "finished"
    assert "presets.news.sped: unknown key; did you mean presets.news.speed?" in daemon.log


def test_what_waited_at_a_crash_is_spoken_after_it(daemon: DaemonProcess) -> None:
    daemon.start()
    daemon.ask(op="pause")
    for name in ("a", "b"):
        assert daemon.ask(text="你好", id=name)["ok"] is True
    daemon.signal(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    # Both ids are known: their being spoken again is ended by a third, which comes after them.
    assert daemon.ask(text="你好", id="a")["position"] == -1
    assert daemon.ask(text="完", wait=True)["event_type"] == "finished"
    assert daemon.ask(op="status")["counters"]["finished"] == 3


def test_a_machine_without_a_sound_card_gets_a_line_and_silence(daemon: DaemonProcess) -> None:
    if device_names():
        pytest.skip("this machine has a sound card")
    daemon.start(audio={"device": "default"}, service={"greeting": "好"})
    assert daemon.ask(text="好", wait=True)["event_type"] == "finished"
    assert daemon.log.count("no sound card: using the null device") == 1
    assert "Traceback" not in daemon.log


def test_a_named_device_that_is_missing_is_waited_for(daemon: DaemonProcess) -> None:
    daemon.start(audio={"device": "kitchen"})
    assert daemon.ask(text="好", id="kept")["ok"] is True
    daemon.wait_until(lambda status: status["state"] == "no_audio")
    assert "audio.device kitchen" in daemon.ask(op="status")["last_error"]
    assert daemon.ask(text="好", id="kept")["position"] == -1


def test_a_greeting_is_spoken_first(daemon: DaemonProcess) -> None:
    daemon.start(service={"greeting": "你好"})
    daemon.ask(text="好", wait=True)
    assert daemon.ask(op="status")["counters"]["finished"] == 2


def test_a_missing_voice_is_told_with_the_remedy(daemon: DaemonProcess) -> None:
    daemon.configure(voice={"default": "tiny_voise"})
    ended = daemon.run_to_its_end()
    assert ended.returncode == 78
    assert "did you mean tiny_voice?" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_socket_that_systemd_opened_is_served(daemon: DaemonProcess) -> None:
    daemon.configure(socket={"path": "/nowhere/tts.sock"})
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(daemon.socket))
        opened.listen()
        # A client that comes before the daemon waits, and is served.
        with SocketClient([daemon.socket]) as early:
            daemon.variables = {"LISTEN_FDS": "1"}
            shell = f'LISTEN_PID=$$ exec "$0" "$@" 3<&{opened.fileno()}'
            daemon.launch("bash", "-c", shell, pass_fds=(opened.fileno(),))
            assert early.ask(op="status")["voices"][0] == VOICE
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
    assert daemon.socket.exists()
