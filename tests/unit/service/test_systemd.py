"""What systemd hears, on a real datagram socket, and what it hands over."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tts_daemon.service.systemd import Systemd

REPORT_ACTIVATED = """
import os
from tts_daemon.service.systemd import Systemd
os.environ["LISTEN_PID"] = str(os.getpid())
with Systemd().activated_socket() as opened:
    print(opened.getsockname(), os.get_inheritable(opened.fileno()))
"""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        yield manager


def test_the_manager_hears_every_step(manager: socket.socket) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname()})
    systemd.ready()
    systemd.status("idle, 0 waiting")
    systemd.feed_watchdog()
    systemd.reloading()
    systemd.stopping()
    heard = [manager.recv(1000).decode() for _ in range(5)]
    assert heard[:3] == ["READY=1", "STATUS=idle, 0 waiting", "WATCHDOG=1"]
    assert heard[3].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert heard[4] == "STOPPING=1"


def test_an_abstract_address_is_understood() -> None:
    name = f"tts-daemon-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.settimeout(10)
        Systemd({"NOTIFY_SOCKET": "@" + name}).ready()
        assert manager.recv(100) == b"READY=1"


def test_a_manager_that_does_not_read_holds_nobody_up(manager: socket.socket) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname()})
    for number in range(1000):
        systemd.status(str(number))
    assert manager.recv(100) == b"STATUS=0"


def test_a_busy_worker_feeds_the_watchdog_once_a_second(manager: socket.socket) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": manager.getsockname()})
    systemd.feed_watchdog()
    systemd.feed_watchdog()
    systemd.status("after")
    assert [manager.recv(100) for _ in range(2)] == [b"WATCHDOG=1", b"STATUS=after"]


@pytest.mark.parametrize("variables", [{}, {"NOTIFY_SOCKET": "/nowhere/notify"}])
def test_without_a_manager_nothing_happens(variables: dict[str, str]) -> None:
    Systemd(variables).ready()


def test_the_socket_that_systemd_opened_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "tts.sock"
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))
        opened.listen()
        # systemd hands its sockets over from descriptor 3 on; a shell moves ours there.
        command = ["bash", "-c", f'exec "$0" "$@" 3<&{opened.fileno()}', sys.executable, "-c"]
        report = subprocess.run(
            [*command, REPORT_ACTIVATED],
            env={**os.environ, "LISTEN_FDS": "1"},
            pass_fds=[opened.fileno()],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert report.stdout.split() == [str(path), "False"]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"LISTEN_FDS": "1", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "0", "LISTEN_PID": str(os.getpid())},
    ],
)
def test_the_socket_of_somebody_else_is_left_alone(variables: dict[str, str]) -> None:
    assert Systemd(variables).activated_socket() is None
