"""The example for nginx, with a real nginx in front of two real daemons, one of which is killed."""

from __future__ import annotations

import http.client
import itertools
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from doors.ports import free_port
from doors.room import CHECKOUT, Room
from fakes.daemon_process import DaemonProcess
from fakes.http_client import HttpClient
from fakes.log_pipe import PATIENCE_S, LogPipe

CLIENTS = 8
TEXT = "今天天气很好，我们去公园玩吧。"


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[list[tuple[DaemonProcess, HttpClient]]]:
    """Two instances, each with a client that asks it directly."""
    started = []
    for name in "ab":
        directory = tmp_path / name
        directory.mkdir()
        daemon, port = DaemonProcess(directory), free_port()
        daemon.start(http={"enabled": True, "port": port})
        started.append((daemon, HttpClient(port)))
    yield started
    for daemon, _ in started:
        daemon.close()


@pytest.fixture
def balancer(
    rooms: Callable[..., Room], daemons: list[tuple[DaemonProcess, HttpClient]]
) -> Iterator[HttpClient]:
    """A client of nginx, which has the example with the ports of this test."""
    room = rooms()
    port = free_port()
    example = (CHECKOUT / "config/examples/nginx.conf").read_text(encoding="utf-8")
    for written, real in (("8080", port), *zip(("5001", "5002"), _ports(daemons), strict=True)):
        assert written in example
        example = example.replace(written, str(real))
    room.run("rm /etc/nginx/sites-enabled/default")
    (room.root / "etc/nginx/conf.d/tts.conf").write_text(example, encoding="utf-8")
    options = "daemon off; error_log stderr notice;"
    process = subprocess.Popen(
        room.command("nginx", "-g", options), stderr=subprocess.PIPE, text=True
    )
    LogPipe(process).wait_for("start worker process")
    yield HttpClient(port)
    process.terminate()
    process.wait(PATIENCE_S)


def _ports(daemons: list[tuple[DaemonProcess, HttpClient]]) -> list[int]:
    return [client.port for _, client in daemons]


def served(client: HttpClient) -> int:
    """Texts that an instance has spoken since its start."""
    wanted = 'tts_http_requests_total{route="/api/tts",status="200"} '
    lines = client.get("/metrics").body.decode().splitlines()
    return sum(int(line.removeprefix(wanted)) for line in lines if line.startswith(wanted))


class Load:
    """Clients that ask for speech all the time, one request after another."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._count = itertools.count(1)
        self._kill: tuple[int, Callable[[], None]] | None = None
        self._killed = threading.Event()
        self.done = 0
        self.failed_in_flight: list[str] = []
        """Those that were under way when something was killed, or before that."""
        self.failed_later: list[str] = []

    def kill_after(self, more: int, kill: Callable[[], None]) -> None:
        """In the midst of the next run."""
        self._kill = self.done + more, kill

    def run(self, enough: Callable[[], bool]) -> None:
        """Ask until `enough`."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._ask_on, [enough] * CLIENTS))

    def _ask_on(self, enough: Callable[[], bool]) -> None:
        while not enough():
            failed = self.failed_later if self._killed.is_set() else self.failed_in_flight
            if problem := self._ask():
                failed.append(problem)
            self.done = number = next(self._count)
            if self._kill and number == self._kill[0]:
                self._kill[1]()
                self._killed.set()

    def _ask(self) -> str:
        try:
            answer = self._client.post("/api/tts", TEXT)
        except (OSError, http.client.HTTPException) as error:
            return repr(error)
        return "" if answer.status == 200 and len(answer.body) > 1000 else str(answer.status)


@pytest.mark.timeout(900)
def test_one_of_two_instances_may_die_under_load(
    balancer: HttpClient, daemons: list[tuple[DaemonProcess, HttpClient]]
) -> None:
    (dying, at_dying), (_, at_other) = daemons
    load = Load(balancer)
    load.run(lambda: load.done >= 40)
    assert not load.failed_in_flight
    assert served(at_dying) > 5
    assert served(at_other) > 5

    load.kill_after(50, lambda: dying.signal(signal.SIGKILL))
    end = load.done + 200
    load.run(lambda: load.done >= end)
    assert load.failed_later == []
    assert len(load.failed_in_flight) <= CLIENTS

    dying.wait()
    dying.launch()
    dying.hear("READY=1")
    load.run(lambda: served(at_dying) > 5)
    assert load.failed_later == []


def test_only_what_makes_sound_for_the_caller_is_passed_on(balancer: HttpClient) -> None:
    assert balancer.get("/readyz").status == 200
    assert balancer.post("/v1/audio/speech", {"input": TEXT}).status == 200
    for path in ("/", "/api/say", "/api/command", "/metrics"):
        assert balancer.post(path, "好").status in (404, 405), path
