"""The static page: no host but its own, twenty megabytes, and then without a network."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp import web
from fakes import browser
from fakes.browser import Page
from fakes.requirements import need_programs, unavailable

from tts_daemon.inputs.http.reading import described
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import VoiceTraits
from tts_daemon.voices.store import VoiceStore

PROJECT = Path(__file__).parents[2]
MOST_BYTES = 20_000_000
"""Of a first visit."""
LEAST_EQUAL = 0.97
"""Of texts are read as by the daemon: the segmenter's WebAssembly build is of another version."""
TEXTS = PROJECT / "tts_daemon/workshop/data"
READY = "!document.getElementById('play').disabled && document.querySelector('#reading .word')"
HEARD = "!document.getElementById('save').hidden && document.getElementById('playhead').hidden"
TOLD = "['first', 'length', 'factor'].map(name => document.getElementById(name).innerText)"
Result = TypeVar("Result")


POLICY = (
    "default-src 'self' blob: data:; script-src 'self' blob: 'wasm-unsafe-eval';"
    " report-uri /strangers"
)
"""No file of the page, worker or not, may ask another host; who tries is reported."""


@dataclass
class Server:
    """A web server for files, as simple as they come.

    Attributes:
        sent: Bytes of bodies.
        strangers: Reports of requests to other hosts.
    """

    directory: Path
    sent: int = 0
    strangers: list[str] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/strangers":
            self.strangers.append(await request.text())
            return web.Response()
        path = self.directory / (request.path.lstrip("/") or "index.html")
        if not path.is_file():
            return web.Response(status=404)
        self.sent += path.stat().st_size
        return web.FileResponse(path, headers={"Content-Security-Policy": POLICY})

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        runner = web.ServerRunner(web.Server(self.answer))
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://localhost:{runner.addresses[0][1]}/"
        finally:
            await runner.cleanup()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built."""
    need_programs("chromium", "npm", install="scripts/test --browser")
    if not (PROJECT / ".cache/browser/fetched").is_file():
        unavailable("parts for the browser are missing: scripts/browser-parts")
    directory = tmp_path_factory.mktemp("demo")
    subprocess.run([PROJECT / "scripts/build-demo", directory], check=True)
    return directory


def use(server: Server, profile: Path, work: Callable[[Page, str], Awaitable[Result]]) -> Result:
    """Let a test use a browser and the address of the page."""

    async def used() -> Result:
        program = shutil.which("chromium") or ""
        async with server.open() as address, browser.page(program, profile) as page:
            return await work(page, address)

    return asyncio.run(used())


def test_a_first_visit_and_one_without_a_network(demo: Path, tmp_path: Path) -> None:
    server = Server(demo)

    async def work(page: Page, address: str) -> None:
        await page.open(address)
        await page.until(READY)
        loaded = server.sent
        await page.evaluate("document.getElementById('play').click()")
        await page.until(HEARD)
        print(f"{loaded / 1e6:.1f} MB; {await page.evaluate(TOLD)}")
        assert server.sent == loaded <= MOST_BYTES
        await page.photograph(tmp_path / "demo.png")
        server.directory = demo / "gone"
        await page.reload()
        await page.until(READY)
        await page.evaluate("document.querySelector('#samples button').click()")
        await page.until(HEARD)
        print(f"without a network, with threads: {await page.evaluate(TOLD)}")
        assert await page.evaluate("crossOriginIsolated")
        assert page.complaints == []

    use(server, tmp_path, work)
    assert server.strangers == []


def test_it_reads_as_the_daemon_does(demo: Path, tmp_path: Path) -> None:
    texts = sentences()
    manifest = VoiceStore([PROJECT / "models"]).find("wuyin").manifest
    traits = VoiceTraits.of(manifest.symbols, manifest.untrained)
    frontend = Frontend()
    expected = [described(text, frontend.read(text, traits=traits))["sentences"] for text in texts]

    async def work(page: Page, address: str) -> list[object]:
        await page.open(address)
        await page.until(READY)
        found: list[object] = await page.evaluate(
            "(async () => { const { Reader } = await import('/reader.js');"
            f"const own = new Reader(); const all = []; for (const text of {json.dumps(texts)})"
            " all.push(await own.read({ text })); return all; })()"
        )
        return found

    read = use(Server(demo), tmp_path, work)
    pairs = zip(texts, expected, read, strict=True)
    different = [text for text, one, other in pairs if json.loads(json.dumps(one)) != other]
    print(f"{len(texts)} texts, read differently: {different}")
    assert len(different) <= (1 - LEAST_EQUAL) * len(texts)


def sentences() -> list[str]:
    """Of a home and of everything else, of all lengths."""
    return [
        line
        for name in ("calibration", "judge_home")
        for line in (TEXTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
