"""The page makes the sound itself: played, measured; nothing is left to the daemon but reading."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import browser
from fakes.browser import Page
from fakes.daemon_process import DaemonProcess
from fakes.http_client import HttpClient
from fakes.requirements import need_programs, unavailable

WEB = Path(__file__).parents[2] / "tts_daemon/inputs/http/web"
MODELS = Path(__file__).parents[2] / "models"
TEXT = "你好，今天天气怎么样？[emotion=happy]我们去公园玩吧！"
NUMBER = "parseFloat(document.getElementById('{}').innerText)"
ALONE = "[crossOriginIsolated, isSecureContext]"
NAME = "speech.home"
LEADS_HERE = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
MOST_SHARE = 0.5
"""Of the processor time that the daemon needs where it makes the sound; measured: 0.1."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[HttpClient]:
    """Of a daemon with the embedded voice."""
    need_programs("chromium", install="scripts/test --browser")
    if not (WEB / "engine").is_dir():
        unavailable("ONNX Runtime for the browser is missing: scripts/browser-parts")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    daemon = DaemonProcess(tmp_path)
    daemon.start(
        voice={"default": "wuyin", "models": [str(MODELS)]},
        http={"enabled": True, "port": port, "names": [NAME]},
        synthesis={"cache_mb": 0},
    )
    yield HttpClient(port)
    daemon.close()


async def _visit(page: Page, address: str) -> None:
    await page.open(address)
    await page.until("document.getElementById('lamp').className === 'idle'")
    await page.until("!document.getElementById('in-browser-row').hidden")
    await page.evaluate(f"document.getElementById('text').value = {TEXT!r}")
    await page.evaluate("document.getElementById('in-browser').click()")


async def _play(page: Page) -> dict[str, float]:
    """What the page measured of it."""
    await page.evaluate("document.getElementById('play').click()")
    await page.until("!document.getElementById('save').hidden")
    await page.until("document.getElementById('playhead').hidden")
    return {
        name: await page.evaluate(NUMBER.format(name)) for name in ("first", "length", "factor")
    }


def _counted(client: HttpClient, name: str) -> float:
    """A figure of the daemon's; 0 where there is none yet."""
    lines = client.get("/metrics").body.decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


@pytest.mark.parametrize(
    ("host", "alone"),
    [("localhost", [True, True]), (NAME, [False, False])],
    ids=["with threads and worklet", "without encryption"],
)
def test_it_makes_the_sound(
    client: HttpClient, host: str, alone: list[bool], tmp_path: Path
) -> None:
    before_s = _counted(client, "tts_cpu_seconds_total")
    made_by_daemon = client.post("/api/tts?stream=false", TEXT).body
    daemon_s = _counted(client, "tts_cpu_seconds_total") - before_s

    async def use() -> tuple[list[bool], dict[str, float]]:
        program = shutil.which("chromium") or ""
        async with browser.page(program, tmp_path, options=[LEADS_HERE]) as page:
            await _visit(page, f"http://{host}:{client.port}/")
            await _play(page)
            nonlocal before_s
            before_s = _counted(client, "tts_cpu_seconds_total")
            measured = await _play(page)
            assert page.complaints == []
            return await page.evaluate(ALONE), measured

    isolated, measured = asyncio.run(use())
    browser_s = _counted(client, "tts_cpu_seconds_total") - before_s
    print(f"{host}: {measured}, daemon {browser_s:.3f} s instead of {daemon_s:.3f} s")
    assert isolated == alone
    assert measured["length"] == pytest.approx(len(made_by_daemon) / 2 / 16000, abs=0.1)
    assert _counted(client, 'tts_http_requests_total{route="/api/symbols",status="200"}') == 2
    assert _counted(client, 'tts_http_requests_total{route="/api/tts"') == 1
    assert browser_s < MOST_SHARE * daemon_s
