"""Text that is still being written, through the doors of a whole daemon: it sounds as if whole."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes.daemon_process import DaemonProcess
from fakes.hearing import read_wav

TEXT = "你好。[emotion=happy]今天天气怎么样？“很好。”\n\n我们走吧！"


class Recorded:
    """A daemon that has spoken the whole text once, and a way to hear what it spoke after that."""

    def __init__(self, daemon: DaemonProcess) -> None:
        self.daemon = daemon
        self.path = daemon.directory / "heard.wav"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        daemon.start(
            audio={"device": f"wav-fast:{self.path}"},
            http={"enabled": True, "port": self.port},
            synthesis={"cache_mb": 0},
        )
        assert daemon.ask(text=TEXT, wait=True)["event_type"] == "finished"
        self.whole = self._all()

    def _all(self) -> np.ndarray:
        return np.asarray(read_wav(self.path)[0])

    def later(self) -> np.ndarray:
        """What was spoken after the whole text."""
        return self._all()[len(self.whole) :]


@pytest.fixture
def recorded(daemon: DaemonProcess) -> Recorded:
    return Recorded(daemon)


def say(daemon: DaemonProcess, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tts_daemon.cli.say", "--socket", str(daemon.socket)]
    return subprocess.Popen(
        [*command, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def write(saying: subprocess.Popen[bytes], data: bytes) -> None:
    assert saying.stdin is not None
    os.write(saying.stdin.fileno(), data)


def pieces() -> Iterator[bytes]:
    """Two bytes at a time, so that most characters are cut."""
    data = TEXT.encode()
    for at in range(0, len(data), 2):
        yield data[at : at + 2]


def test_tts_say_speaks_what_is_being_written(recorded: Recorded) -> None:
    saying = say(recorded.daemon, "--stream", "--wait", "--json")
    for piece in pieces():
        write(saying, piece)
    reply = json.loads(saying.communicate(timeout=60)[0])
    assert (reply["event_type"], saying.returncode) == ("finished", 0)
    assert np.array_equal(recorded.later(), recorded.whole)


def test_the_first_sentence_is_heard_before_the_last_is_written(recorded: Recorded) -> None:
    saying = say(recorded.daemon, "--stream", "--wait", "--json")
    write(saying, TEXT[:20].encode())
    recorded.daemon.wait_until(lambda status: status["speaking_id"] != "")
    write(saying, TEXT[20:].encode())
    reply = json.loads(saying.communicate(timeout=60)[0])
    assert reply["event_type"] == "finished"
    # Where the sound has run dry in between, it begins softly again.
    assert len(recorded.later()) == pytest.approx(len(recorded.whole), abs=200)


def test_a_stop_is_told_to_whoever_writes(daemon: DaemonProcess) -> None:
    daemon.start(audio={"device": "null"})
    saying = say(daemon, "--stream", "--json", "--id", "a")
    write(saying, "你好。再".encode())
    daemon.wait_until(lambda status: status["speaking_id"] == "a")
    daemon.ask(op="stop")
    # Its standard input is still open.
    assert saying.wait(60) == 1
    assert saying.stdout is not None
    assert json.loads(saying.stdout.read())["event_type"] == "cancelled"


def test_http_speaks_a_body_that_is_being_written(recorded: Recorded) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", recorded.port, timeout=60)
    path = "/api/say?stream=true&wait=true&id=a&volume=100"
    headers = {"Transfer-Encoding": "chunked"}
    connection.request("POST", path, body=pieces(), headers=headers, encode_chunked=True)
    reply = json.loads(connection.getresponse().read())
    assert (reply["id"], reply["event_type"]) == ("a", "finished")
    assert np.array_equal(recorded.later(), recorded.whole)


def test_a_body_that_is_cut_off_is_spoken_as_far_as_it_came(recorded: Recorded) -> None:
    head = b"POST /api/say?stream=true HTTP/1.1\r\nHost: localhost\r\n"
    body = b"Transfer-Encoding: chunked\r\n\r\nc\r\n" + "你好。再".encode() + b"\r\n"
    with socket.create_connection(("127.0.0.1", recorded.port)) as connection:
        connection.sendall(head + body)
        recorded.daemon.wait_until(lambda status: status["speaking_id"] != "")
    recorded.daemon.wait_until(lambda status: status["counters"]["finished"] == 2)
    assert 0 < len(recorded.later()) < len(recorded.whole)


def test_a_restart_ends_what_was_being_written(daemon: DaemonProcess, tmp_path: Path) -> None:
    daemon.start(audio={"device": "null"})
    saying = say(daemon, "--stream", "--id", "a")
    write(saying, "你好。再".encode())
    daemon.wait_until(lambda status: status["counters"].get("accepted") == 1)
    daemon.signal(9)
    daemon.wait()
    assert saying.wait(60) == 3
    daemon.start()
    assert daemon.ask(op="status")["counters"]["cancelled"] == 1
