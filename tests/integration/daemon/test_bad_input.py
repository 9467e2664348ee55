"""What a daemon does with input that no well-behaved client sends: each has a clear outcome."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest
from fakes.daemon_process import DaemonProcess


@pytest.fixture
def speaking(daemon: DaemonProcess) -> DaemonProcess:
    daemon.start(socket={"timeout_s": 1})
    return daemon


def connect(daemon: DaemonProcess) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(daemon.socket))
    return connection


def send(daemon: DaemonProcess, payload: bytes) -> dict[str, Any]:
    """Plain text as `nc -U` sends it; the first reply."""
    with connect(daemon) as connection, connection.makefile("rb") as replies:
        connection.sendall(payload)
        connection.shutdown(socket.SHUT_WR)
        reply: dict[str, Any] = json.loads(replies.readline())
        return reply


def assert_still_speaks(daemon: DaemonProcess) -> None:
    assert daemon.ask(text="好", wait=True)["event_type"] == "finished"
    assert "Traceback" not in daemon.log


@pytest.mark.parametrize("payload", [b"", b" \n\t", b"\x00\x07\x1b", b'{"text": ""}\n'])
def test_an_empty_text_is_refused(speaking: DaemonProcess, payload: bytes) -> None:
    reply = send(speaking, payload)
    assert (reply["error"], reply["message"]) == ("invalid_request", "text: is empty")
    assert_still_speaks(speaking)


def test_a_tag_that_cannot_be_obeyed_ends_nothing(speaking: DaemonProcess) -> None:
    plain = speaking.ask(text="今天星期五。天气很好。", wait=True)
    for tag in ("emotion=joyful", "voice=nobody", "preset=nowhere", "speed=9"):
        tagged = speaking.ask(text=f"今天星期五。[{tag}]天气很好。[{tag}]", wait=True)
        assert tagged["event_type"] == "finished"
        (warning,) = tagged["warnings"]
        assert tag.partition("=")[2] in warning
        # A speed beyond the limit is taken as the limit; the others change nothing.
        assert tagged["audio_ms"] == plain["audio_ms"] or tag == "speed=9"


def test_a_field_that_cannot_be_met_is_refused_before_the_first_sound(
    speaking: DaemonProcess,
) -> None:
    for field, value in (("emotion", "joyful"), ("voice", "nobody"), ("preset", "nowhere")):
        reply = speaking.ask(text="好。", wait=True, **{field: value})
        assert (reply["ok"], reply["error"]) == (False, "invalid_request")
        assert value in reply["message"]
    for field in ("ttl_s", "speed", "volume", "pitch"):
        reply = send(speaking, b'{"text": "x", "%s": 1%s}\n' % (field.encode(), b"0" * 400))
        assert reply["error"] == "invalid_request"
        assert reply["message"].startswith(f"{field}: ")
    counters = speaking.ask(op="status")["counters"]
    assert (counters["refused"], counters.get("accepted", 0)) == (7, 0)
    assert_still_speaks(speaking)


def test_ten_thousand_characters_are_spoken_until_stopped(speaking: DaemonProcess) -> None:
    long = {"text": "今天天气很好。" * 1429, "id": "long", "wait": True}
    assert len(str(long["text"])) == 10_003
    assert "10003 characters; at most 10000" in speaking.ask(**long)["message"]
    with connect(speaking) as connection:
        connection.sendall(
            json.dumps({**long, "text": str(long["text"])[:10_000]}).encode() + b"\n"
        )
        speaking.wait_until(lambda status: status["speaking_id"] == "long")
        speaking.ask(op="stop")
        reply = json.loads(connection.makefile("rb").readline())
    assert (reply["id"], reply["event_type"]) == ("long", "cancelled")
    assert_still_speaks(speaking)


def test_control_characters_are_left_out(speaking: DaemonProcess) -> None:
    plain = speaking.ask(text="你好", wait=True)
    with_controls = speaking.ask(text="\x1b你\x00好\x7f", wait=True)
    assert with_controls["event_type"] == "finished"
    assert with_controls["audio_ms"] == plain["audio_ms"]
    assert_still_speaks(speaking)


def test_half_a_surrogate_pair_is_left_out(speaking: DaemonProcess) -> None:
    assert speaking.ask(text="你好\ud83d", wait=True)["event_type"] == "finished"
    assert speaking.ask(text="\ud83d")["message"] == "text: is empty"
    assert "not UTF-8" in send(speaking, b"\xed\xa0\xbd")["message"]
    assert_still_speaks(speaking)


def test_emoji_alone_are_named_or_refused_but_never_silently_dropped(
    speaking: DaemonProcess,
) -> None:
    assert speaking.ask(text="👍", wait=True)["event_type"] == "finished"
    # Newer than the tables of any Unicode version that we know of, and without a name.
    reply = speaking.ask(text="\U0001faff\U0001faff", wait=True)
    assert reply.get("event_type") == "finished" or reply.get("reason") or reply["message"]
    assert_still_speaks(speaking)


def test_a_client_that_hangs_is_let_go(speaking: DaemonProcess) -> None:
    with connect(speaking) as hanging:
        hanging.sendall(b'{"text": "half')
        assert_still_speaks(speaking)
        reply = json.loads(hanging.makefile("rb").readline())
    assert "did not come within 1 s" in reply["message"]


def test_a_client_that_dies_in_mid_line_is_harmless(speaking: DaemonProcess) -> None:
    script = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        'print(s.send(b\'{"text": "half\'), flush=True); sys.stdin.read()'
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, speaking.socket],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as client:
        assert client.stdout is not None
        client.stdout.readline()
        client.kill()
    assert_still_speaks(speaking)
    assert speaking.ask(op="status")["counters"]["finished"] == 1


def test_a_client_that_dies_while_listening_ends_its_synthesis(speaking: DaemonProcess) -> None:
    for _ in range(5):
        with connect(speaking) as connection:
            request = {"op": "render", "text": "今天天气很好。" * 1000}
            connection.sendall(json.dumps(request).encode() + b"\n")
            connection.recv(1)
    assert_still_speaks(speaking)


def test_two_daemons_on_one_socket_are_one_too_many(speaking: DaemonProcess) -> None:
    second = speaking.run_to_its_end()
    assert second.returncode == 78
    assert "is served by another tts-daemon (process" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    assert_still_speaks(speaking)


def test_a_crashed_daemon_does_not_keep_the_socket(daemon: DaemonProcess) -> None:
    daemon.start()
    daemon.signal(signal.SIGKILL)
    daemon.wait()
    assert daemon.socket.exists()
    daemon.start()
    assert_still_speaks(daemon)
