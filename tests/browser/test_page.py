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
TOO_WIDE = (
    "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() &&"
    " e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
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
            await give_token(page, "secret")
            await page.until("document.getElementById('lamp').className === 'idle'")
            # The refusal that brought the question up is an error on the console.
            page.complaints.clear()
            return await use(page)

    return lambda use: asyncio.run(visited(use))


async def give_token(page: Page, token: str) -> None:
    await page.until("!document.getElementById('token-card').hidden")
    await enter(page, "token", token)
    await page.evaluate("document.getElementById('token-form').requestSubmit()")


async def enter(page: Page, name: str, text: str, *, event: str = "input") -> None:
    element = f"document.getElementById('{name}')"
    # In one go: what the daemon tells in between would be shown in place of it.
    change = f"{element}.dispatchEvent(new Event('{event}', {{bubbles: true}}))"
    await page.evaluate(f"({element}.value = {text!r}, {change})")


async def click(page: Page, name: str) -> None:
    """As a person would: what is hidden or disabled cannot be clicked."""
    element = f"document.getElementById('{name}')"
    assert await page.evaluate(f"{element}.checkVisibility() && !{element}.disabled"), name
    await page.evaluate(f"{element}.click()")


async def unfold(page: Page) -> None:
    await page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")


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
        await enter(page, "device-speed", "1.5", event="change")
        await enter(page, "device-preset", "sad", event="change")
        await unfold(page)
        for name, value in {"start": "22:00", "end": "06:30", "volume": "10"}.items():
            await enter(page, f"quiet-{name}", value)
        await click(page, "quiet-save")
        await page.until("document.getElementById('quiet-now').innerText.includes('22:00–06:30')")
        await asyncio.to_thread(daemon.ask, text="水开了", id="kettle", wait=True)
        await page.until("document.querySelectorAll('#queue .finished').length === 2")
        assert "水开了" in await text_of(page, "queue")
        await click(page, "repeat")
        await page.until("document.querySelectorAll('#queue .finished').length === 3")
        assert (await text_of(page, "queue")).count("水开了") == 2
        await click(page, "pause-button")
        await page.until("document.getElementById('lamp').className === 'paused'")
        await click(page, "pause-button")
        await page.until("document.getElementById('lamp').className === 'idle'")
        now = daemon.ask(op="status")
        assert (now["volume"], now["speed"], now["preset"]) == (40, 1.5, "sad")
        assert now["quiet_hours"] == {"start": "22:00", "end": "06:30", "volume": 10}
        assert page.complaints == []

    visit(use)


def test_a_refusal_is_told(visit: Callable[[Use[None]], None]) -> None:
    async def use(page: Page) -> None:
        await enter(page, "text", "。。")
        await click(page, "play")
        await page.until("!document.getElementById('error').hidden")
        assert "只有标点" in await text_of(page, "error")
        await click(page, "language")
        await click(page, "play")
        await page.until("document.getElementById('error').innerText.includes('punctuation')")
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


def test_a_wrong_token_is_told_and_a_right_one_is_remembered(
    daemon: DaemonProcess, port: int, tmp_path: Path
) -> None:
    async def visit() -> None:
        async with browser.page(PROGRAM, tmp_path) as page:
            await page.open(f"http://127.0.0.1:{port}/")
            await give_token(page, "sesame")
            await page.until("!document.getElementById('token-wrong').hidden")
            assert await page.evaluate("document.activeElement.id") == "token"
            assert not await page.evaluate("document.getElementById('form').checkVisibility()")
            await give_token(page, "secret")
            await page.until("document.getElementById('lamp').className === 'idle'")
            await page.reload()
            await page.until("document.getElementById('lamp').className === 'idle'")
            assert not await page.evaluate("document.getElementById('token').checkVisibility()")
            await click(page, "leave")
            await page.until("!document.getElementById('token-card').hidden")
            assert not await page.evaluate(
                "document.getElementById('token-wrong').checkVisibility()"
            )

    asyncio.run(visit())


def test_what_was_said_survives_a_reload(
    visit: Callable[[Use[None]], None], daemon: DaemonProcess
) -> None:
    async def use(page: Page) -> None:
        await asyncio.to_thread(daemon.ask, text="门开了", id="door", wait=True)
        await page.until("document.querySelector('#queue .finished')")
        await page.reload()
        await page.until("document.querySelector('#queue .finished')")
        assert "门开了" in await text_of(page, "queue")

    visit(use)


def test_everything_that_a_request_can_say_is_sent_and_the_rest_is_left_to_the_preset(
    visit: Callable[[Use[None]], None],
) -> None:
    async def use(page: Page) -> None:
        await page.evaluate(
            "(()=>{const old = window.fetch; window.sent = [];"
            " window.fetch = (path, options) => { if (options?.body) window.sent.push([path,"
            " JSON.parse(options.body)]); return old(path, options); };})()"
        )
        await unfold(page)
        await click(page, "say")
        await page.until("document.querySelector('#queue .finished')")
        numbers = {"speed": 1.0, "pitch": -2.0, "intensity": 1.5, "energy": 0.5, "pause": 2.0}
        for name, value in numbers.items():
            await enter(page, name, str(value))
        chosen = {"preset": "happy", "chime": "ding", "priority": "message", "policy": "interrupt"}
        for name, choice in chosen.items():
            await enter(page, name, choice, event="change")
        await enter(page, "ttl_s", "30")
        await click(page, "say")
        await page.until("document.querySelectorAll('#queue .finished').length === 2")
        said = [body for path, body in await page.evaluate("window.sent") if path == "api/say"]
        assert said[0].keys() == {"text"}
        assert said[1] == {"text": said[0]["text"], "ttl_s": 30, **numbers, **chosen}
        await click(page, "forget")
        assert await text_of(page, "pitch-value") == "默认"

    visit(use)


def test_a_corrected_reading_is_saved_and_taken_back(
    visit: Callable[[Use[None]], None], daemon: DaemonProcess
) -> None:
    lexicon = daemon.directory / "lexicon.yaml"

    async def use(page: Page) -> None:
        await enter(page, "text", "重庆的天气")
        await page.until("document.getElementById('reading').innerText.includes('chóng qìng')")
        await page.evaluate("document.querySelector('.word').click()")
        await enter(page, "proposal-word", "重庆")
        await enter(page, "proposal-reading", "zhong4 qqq1")
        await click(page, "proposal-save")
        await page.until("!document.getElementById('proposal-error').hidden")
        await enter(page, "proposal-reading", "zhong4 qing4")
        await click(page, "proposal-save")
        await page.until("document.getElementById('reading').innerText.includes('zhòng qìng')")
        assert "重庆: zhong4 qing4" in lexicon.read_text(encoding="utf-8")
        await page.evaluate("document.querySelector('#undo button').click()")
        await page.until("document.getElementById('reading').innerText.includes('chóng qìng')")
        assert "重庆" not in lexicon.read_text(encoding="utf-8")

    visit(use)


def test_the_doctor_and_the_log_are_shown(visit: Callable[[Use[None]], None]) -> None:
    async def use(page: Page) -> None:
        await unfold(page)
        await click(page, "examine")
        await page.until("document.querySelectorAll('#findings li').length > 5")
        assert "校验都正确" in await text_of(page, "findings")
        await page.until("document.getElementById('log').innerText.includes('ready after')")
        assert page.complaints == []

    visit(use)


def test_both_languages_are_whole(visit: Callable[[Use[None]], None]) -> None:
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
        missing = "import('./shared/words.js').then(words => words.missingWords())"
        assert await page.evaluate(missing) == []
        assert page.complaints == []

    visit(use)


def test_it_can_be_installed(visit: Callable[[Use[None]], None]) -> None:
    async def use(page: Page) -> None:
        told = await page.call("Page.getAppManifest")
        assert told["errors"] == []
        assert told["url"].endswith("/manifest.webmanifest")
        problems = await page.call("Page.getInstallabilityErrors")
        # What headless Chromium says of every page.
        kinds = {item["errorId"] for item in problems["installabilityErrors"]}
        assert kinds <= {"in-incognito"}

    visit(use)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_every_screen(
    visit: Callable[[Use[None]], None], theme: str, tmp_path: Path
) -> None:
    async def use(page: Page) -> None:
        await page.choose_theme(theme)
        await play(page)
        await unfold(page)
        for width in (320, 390, 768, 1280, 1920):
            await page.resize(width)
            await page.photograph(tmp_path / f"{theme}-{width}.png")
            wide = await page.evaluate(TOO_WIDE)
            assert wide == [], f"{width} pixels: {wide}"
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(238, 243, 242)", "dark": "rgb(15, 22, 23)"}[theme]

    visit(use)
