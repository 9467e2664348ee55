"""Fifty clients for a minute, and some that do harm, on a real daemon with the embedded voice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from doors.ports import free_port
from doors.room import CHECKOUT
from fakes.daemon_process import DaemonProcess
from fakes.http_load import Disturber, Load, memory_mb

CLIENTS = 50
DURATION_S = 60.0
TEXT = "水开了，请关火。"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[DaemonProcess, int]]:
    port = free_port()
    daemon = DaemonProcess(tmp_path)
    voice = {"default": "wuyin", "models": [str(CHECKOUT / "models")]}
    http = {"enabled": True, "port": port, "waiting": CLIENTS, "connections": 2 * CLIENTS}
    daemon.start(voice=voice, http=http)
    yield daemon, port
    daemon.close()


@pytest.mark.timeout(900)
def test_fifty_clients_for_a_minute(
    daemon: tuple[DaemonProcess, int], capsys: pytest.CaptureFixture[str]
) -> None:
    process, port = daemon
    load = Load(f"http://127.0.0.1:{port}", CLIENTS, TEXT)
    disturber = Disturber(port)
    asyncio.run(load.run(lambda: load.statuses.total() >= 2 * CLIENTS))
    before_mb = memory_mb(process.pid)
    load.answers.clear()
    end_s = time.monotonic() + DURATION_S

    async def both() -> None:
        is_over = lambda: time.monotonic() > end_s  # noqa: E731
        await asyncio.gather(load.run(is_over), disturber.run(is_over))

    asyncio.run(both())
    after_mb = memory_mb(process.pid)
    with capsys.disabled():
        print(
            f"\n{load.answers.total()} texts for {CLIENTS} clients in {DURATION_S:.0f} s,"
            f" {min(load.answers.values())} to {max(load.answers.values())} each;"
            f" {disturber.turns} disturbances; {before_mb:.0f} MB before, {after_mb:.0f} MB after"
        )
    assert set(load.statuses) == {200}
    assert len(load.answers) == CLIENTS
    assert max(load.answers.values()) - min(load.answers.values()) <= 3
    assert after_mb - before_mb < 60
