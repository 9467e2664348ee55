"""The page in a real browser, on a real daemon with the tiny voice."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import browser
from fakes.daemon_process import DaemonProcess

PROGRAM = shutil.which("chromium") or ""
PHONE_PIXELS = 390


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    if not PROGRAM:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing; scripts/test --browser installs it")
        pytest.skip("chromium is missing")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    daemon = DaemonProcess(tmp_path)
    daemon.start(http={"enabled": True, "port": port, "token": "secret"})
    yield f"http://127.0.0.1:{port}/"
    daemon.close()


async def sign_in(page: browser.Page) -> None:
    """Give the token as a person would, and wait for the daemon's state."""
    await page.until("!document.getElementById('token-card').hidden")
    # The refusal that brought the question up is an error on the console.
    page.complaints.clear()
    await page.evaluate(
        "(()=>{const t=document.getElementById('token');t.value='secret';"
        "t.dispatchEvent(new Event('change'))})()"
    )
    await page.until("document.getElementById('lamp').className === 'idle'")


async def use(address: str, directory: Path) -> dict[str, Any]:
    async with browser.page(PROGRAM, directory) as page:
        await page.open(address)
        await sign_in(page)
        seen: dict[str, Any] = {}
        seen["emotions"] = await page.evaluate(
            "[...document.getElementById('emotion').options].map(o => o.value)"
        )
        await page.evaluate("document.getElementById('play').click()")
        await page.until("!document.getElementById('save').hidden")
        await page.until("document.querySelector('#reading table')")
        seen["length"] = await page.evaluate("document.getElementById('length').textContent")
        seen["reading"] = await page.evaluate("document.getElementById('reading').innerText")
        seen["first"] = await page.evaluate("document.getElementById('first').textContent")
        seen["colours"] = await page.evaluate(
            "new Set(document.getElementById('mel').getContext('2d')"
            ".getImageData(0, 0, 900, 180).data).size"
        )
        await page.evaluate("document.getElementById('say').click()")
        await page.until("document.querySelectorAll('#log li').length >= 3")
        await page.evaluate("document.querySelector('#reading td button').click()")
        seen["entry"] = await page.evaluate("document.getElementById('entry').value")
        await page.photograph(directory / "page.png")
        words = "[...document.querySelectorAll('[data-say]')].map(e => e.textContent)"
        seen["chinese"] = await page.evaluate(words)
        await page.evaluate("document.getElementById('language').click()")
        seen["english"] = await page.evaluate(words)
        seen["unnamed"] = await page.evaluate(
            "[...document.querySelectorAll('input, select, textarea, button, canvas')].filter("
            "e => !(e.labels?.length || e.textContent.trim() || e.ariaLabel)).map(e => e.outerHTML)"
        )
        seen["complaints"] = page.complaints
        return seen


def test_it_speaks_shows_and_reads(address: str, tmp_path: Path) -> None:
    seen = asyncio.run(use(address, tmp_path))
    assert {"neutral", "happy", "sad"} <= set(seen["emotions"])
    assert "jin1 tian1" in seen["reading"]
    assert seen["first"].endswith("ms")
    assert float(seen["length"].removesuffix(" s")) > 0.1
    assert seen["colours"] > 20, "the spectrogram is empty"
    assert ": " in seen["entry"]
    assert "停止" in seen["chinese"]
    assert "Stop" in seen["english"]
    assert all([*seen["chinese"], *seen["english"]])
    assert seen["unnamed"] == []
    assert seen["complaints"] == []


def test_it_fits_a_phone_in_the_dark(address: str, tmp_path: Path) -> None:
    async def look() -> tuple[int, str]:
        async with browser.page(PROGRAM, tmp_path) as page:
            await page.call(
                "Emulation.setDeviceMetricsOverride",
                width=PHONE_PIXELS, height=844, deviceScaleFactor=2, mobile=True,
            )  # fmt: skip
            dark = [{"name": "prefers-color-scheme", "value": "dark"}]
            await page.call("Emulation.setEmulatedMedia", features=dark)
            await page.open(address)
            await sign_in(page)
            await page.evaluate("document.getElementById('play').click()")
            await page.until("!document.getElementById('save').hidden")
            await page.photograph(tmp_path / "phone.png")
            width = await page.evaluate("document.documentElement.scrollWidth")
            ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
            return width, ground

    width, ground = asyncio.run(look())
    assert width == PHONE_PIXELS
    assert ground == "rgb(18, 24, 26)"
