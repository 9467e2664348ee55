"""Many clients at one time, on a real daemon: everybody gets a turn, and nothing grows."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.daemon_process import DaemonProcess
from fakes.http_load import Disturber, Load, memory_mb

CLIENTS = 50
TEXT = "好。"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[DaemonProcess, int]]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    daemon = DaemonProcess(tmp_path)
    daemon.start(http={"enabled": True, "port": port, "waiting": CLIENTS})
    yield daemon, port
    daemon.close()


@pytest.mark.timeout(300)
def test_fifty_clients_take_turns(daemon: tuple[DaemonProcess, int]) -> None:
    process, port = daemon
    load = Load(f"http://127.0.0.1:{port}", CLIENTS, TEXT)
    asyncio.run(load.run(lambda: load.statuses.total() >= CLIENTS))
    before_mb = memory_mb(process.pid)
    load.answers.clear()
    end = load.statuses.total() + CLIENTS
    asyncio.run(load.run(lambda: load.statuses.total() >= end))
    assert set(load.statuses) == {200}
    assert len(load.bytes_of) == 1
    # First come, first served: nobody is a whole round behind.
    assert len(load.answers) == CLIENTS
    assert max(load.answers.values()) - min(load.answers.values()) <= 2
    assert memory_mb(process.pid) - before_mb < 30


@pytest.mark.timeout(300)
def test_clients_that_do_harm_only_harm_themselves(daemon: tuple[DaemonProcess, int]) -> None:
    process, port = daemon
    load = Load(f"http://127.0.0.1:{port}", 4, TEXT)
    disturber = Disturber(port)
    before_mb = memory_mb(process.pid)

    async def both() -> None:
        is_enough = lambda: load.statuses.total() >= 20 and disturber.turns >= 5  # noqa: E731
        await asyncio.gather(load.run(is_enough), disturber.run(is_enough))

    asyncio.run(both())
    assert set(load.statuses) == {200}
    assert memory_mb(process.pid) - before_mb < 60
