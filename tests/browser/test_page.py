"""The page in a real browser, on a real daemon with the tiny voice."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from fakes import browser
from fakes.browser import Page
from fakes.daemon_process import DaemonProcess
from fakes.requirements import unavailable

PROGRAM = shutil.which("chromium") or ""
PHONE_PIXELS = 390
UNNAMED = (
    "[...document.querySelectorAll('input, select, textarea, button, a, canvas')].filter(e =>"
    " !(e.labels?.length || e.textContent.trim() || e.ariaLabel)).map(e => e.outerHTML)"
)
Result = TypeVar("Result")
Use = Callable[[Page], Awaitable[Result]]


@pytest.fixture
def port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number: int = taken.getsockname()[1]
        return number


@pytest.fixture
def daemon(tmp_path: Path, port: int) -> Iterator[DaemonProcess]:
    if not PROGRAM:
        unavailable("chromium is missing: scripts/test --browser installs it")
    daemon = DaemonProcess(tmp_path)
    daemon.start(http={"enabled": True, "port": port, "token": "secret"})
    yield daemon
    daemon.close()


@pytest.fixture
def visit(daemon: DaemonProcess, port: int, tmp_path: Path) -> Callable[[Use[Result]], Result]:
    """Opens the page, gives the token as a person would, and lets a test use it."""

    async def visited(use: Use[Result]) -> Result:
        async with browser.page(PROGRAM, tmp_path) as page:
            await page.open(f"http://127.0.0.1:{port}/")
            await page.until("!document.getElementById('token-card').hidden")
            # The refusal that brought the question up is an error on the console.
            page.complaints.clear()
            await enter(page, "token", "secret", event="change")
            await page.until("document.getElementById('lamp').className === 'idle'")
            return await use(page)

    return lambda use: asyncio.run(visited(use))


async def enter(page: Page, name: str, text: str, *, event: str = "input") -> None:
    element = f"document.getElementById('{name}')"
    await page.evaluate(f"{element}.value = {text!r}")
    await page.evaluate(f"{element}.dispatchEvent(new Event('{event}', {{bubbles: true}}))")


async def click(page: Page, name: str) -> None:
    await page.evaluate(f"document.getElementById('{name}').click()")


async def text_of(page: Page, name: str) -> str:
    shown: str = await page.evaluate(f"document.getElementById('{name}').innerText")
    return shown


async def play(page: Page) -> None:
    await click(page, "play")
    await page.until("!document.getElementById('save').hidden")


def test_it_plays_and_shows_the_sound(visit: Callable[[Use[None]], None], tmp_path: Path) -> None:
    async def use(page: Page) -> None:
        await play(page)
        assert (await text_of(page, "first")).endswith("ms")
        assert float((await text_of(page, "length")).removesuffix(" s")) > 0.1
        colours = await page.evaluate(
            "(()=>{const c=document.getElementById('mel'); return new Set(c.getContext('2d')"
            ".getImageData(0, 0, c.width, c.height).data).size})()"
        )
        assert colours > 20, "the spectrogram is empty"
        assert await page.evaluate("document.getElementById('save').protocol") == "blob:"
        await page.photograph(tmp_path / "page.png")
        await page.until("document.getElementById('playhead').hidden")
        await click(page, "replay")
        await page.until("!document.getElementById('playhead').hidden")
        await click(page, "play")
        await page.until("document.getElementById('playhead').hidden")
        assert page.complaints == []

    visit(use)


def test_it_shows_how_a_text_is_read_and_proposes_an_entry(
    visit: Callable[[Use[None]], None],
) -> None:
    async def use(page: Page) -> None:
        await enter(page, "text", "重庆的天气")
        await page.until("document.getElementById('reading').innerText.includes('chóng qìng')")
        await page.evaluate("document.querySelector('.word').click()")
        assert await page.evaluate("document.activeElement.id") == "proposal-reading"
        await enter(page, "proposal-reading", "zhong4 qing4")
        assert (await text_of(page, "entry")).endswith(": zhong4 qing4")
        await click(page, "proposal-hear")
        await page.until("!document.getElementById('save').hidden")
        assert page.complaints == []

    visit(use)


def test_it_speaks_on_the_device_and_tells_what_it_does(
    visit: Callable[[Use[None]], None], daemon: DaemonProcess
) -> None:
    async def use(page: Page) -> None:
        await click(page, "say")
        await page.until("document.querySelector('#queue .finished')")
        assert "ms" in await text_of(page, "queue")
        await enter(page, "device-volume", "40", event="change")
        await asyncio.to_thread(daemon.ask, text="水开了", id="kettle", wait=True)
        await page.until("document.querySelectorAll('#queue .finished').length === 2")
        assert "kettle" in await text_of(page, "queue")
        await click(page, "pause")
        await page.until("document.getElementById('lamp').className === 'paused'")
        await click(page, "pause")
        await page.until("document.getElementById('lamp').className === 'idle'")
        assert daemon.ask(op="status")["volume"] == 40
        assert page.complaints == []

    visit(use)


def test_a_refusal_is_told(visit: Callable[[Use[None]], None]) -> None:
    async def use(page: Page) -> None:
        await enter(page, "text", "。。")
        await click(page, "play")
        await page.until("!document.getElementById('error').hidden")
        assert "punctuation" in await text_of(page, "error")
        assert "停止" not in await text_of(page, "play")

    visit(use)


def test_it_finds_a_daemon_that_was_restarted(
    visit: Callable[[Use[None]], None], daemon: DaemonProcess
) -> None:
    async def use(page: Page) -> None:
        daemon.signal(signal.SIGTERM)
        await asyncio.to_thread(daemon.wait)
        await page.until("document.getElementById('lamp').className === 'gone'")
        assert await page.evaluate("document.getElementById('say').disabled")
        daemon.launch()
        await page.until("document.getElementById('lamp').className === 'idle'")

    visit(use)


def test_both_languages_are_whole_and_every_control_has_a_name(
    visit: Callable[[Use[None]], None],
) -> None:
    async def use(page: Page) -> None:
        words = "[...document.querySelectorAll('[data-say]')].map(e => e.textContent)"
        chinese = await page.evaluate(words)
        await click(page, "language")
        english = await page.evaluate(words)
        assert all([*chinese, *english])
        names = await page.evaluate(
            "[...document.querySelectorAll('[data-say]')].map(e => e.dataset.say)"
        )
        assert not set(chinese) & set(names), "words without a translation"
        assert await page.evaluate(UNNAMED) == []
        assert page.complaints == []

    visit(use)


def test_it_fits_a_phone_in_the_dark(visit: Callable[[Use[None]], None], tmp_path: Path) -> None:
    async def use(page: Page) -> None:
        await page.call(
            "Emulation.setDeviceMetricsOverride",
            width=PHONE_PIXELS, height=844, deviceScaleFactor=2, mobile=True,
        )  # fmt: skip
        dark = [{"name": "prefers-color-scheme", "value": "dark"}]
        await page.call("Emulation.setEmulatedMedia", features=dark)
        await play(page)
        await page.photograph(tmp_path / "phone.png")
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE_PIXELS
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(15, 22, 23)"

    visit(use)
