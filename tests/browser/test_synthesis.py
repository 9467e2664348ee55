"""The browser's runtime against Python's: same symbols, same noise, in Node and in Chromium."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from fakes import browser
from fakes.golden_speech import write_case
from fakes.golden_voices import DIRECTORIES, convert
from fakes.requirements import need_programs, unavailable

from tts_daemon.domain import Style
from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.distance import mel_distance_db, snr_db

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
WEB = PROJECT / "tts_daemon/inputs/http/web"
TOLERANCE = 1e-3
"""Of every sample with FP32 graphs."""
LEAST_SNR_DB = 20.0
"""Of most clauses with INT8 graphs, durations being the same; measured: 19 of 24, most of them 128.

In the others the engines round one value apart, and every quantised one after it may follow.
"""
MOST_MEL_DB = 2.5
"""Of all of them; measured: 1.6, as far as the INT8 graphs are from the FP32 ones."""
SHARE = 0.5
TEXTS = (
    ("你好，今天天气怎么样？", Style()),
    ("我们去公园玩吧！", Style(emotion="gentle")),
    ("你真的不去？", Style(emotion="happy", speed=1.2, pitch=3.0)),
    (
        "水开了，请关火；然后，把锅拿开。",
        Style(emotion="sad", intensity=0.5, pitch=-2.0, pause=2.0),
    ),
    (
        "太好了[pause=300ms]！你来吗？",
        Style(emotion="excited", intensity=1.5, energy=0.5, speed=0.8),
    ),
)


@dataclass(frozen=True)
class Case:
    """Clauses and what is to be heard: all as one, or each by itself."""

    directory: Path
    expected: list[Floats]
    is_int8: bool

    def check(self, heard: Floats) -> None:
        assert len(heard) == sum(map(len, self.expected))
        if not self.is_int8:
            np.testing.assert_allclose(heard, self.expected[0], atol=TOLERANCE)
            return
        pieces = np.split(heard, np.cumsum([len(piece) for piece in self.expected])[:-1])
        pairs = list(zip(self.expected, pieces, strict=True))
        near = [pair for pair in pairs if snr_db(*pair) >= LEAST_SNR_DB]
        assert len(near) > SHARE * len(pairs)
        assert max(mel_distance_db(*pair, sample_rate=16000) for pair in pairs) < MOST_MEL_DB


@pytest.fixture(scope="module", params=["wuyin", *(path.name for path in DIRECTORIES)])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The embedded voice, or a golden one."""
    if not (WEB / "engine").is_dir():
        unavailable("ONNX Runtime for the browser is missing: scripts/browser-parts")
    name, models = request.param, PROJECT / "models"
    for golden in DIRECTORIES:
        if golden.name == name:
            models = tmp_path_factory.mktemp("models")
            convert(golden, models / name)
    directory = tmp_path_factory.mktemp("cases") / name
    is_int8 = name == "wuyin"
    expected = write_case(directory, models, name, TEXTS, with_edges=not is_int8)
    return Case(directory, expected, is_int8)


def test_node_says_the_same(case: Case, tmp_path: Path) -> None:
    need_programs("node", install="scripts/test --browser")
    # Older ones take a file for a module only where a package says so.
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    copied = shutil.copytree(WEB, tmp_path / "web")
    script = HERE / "speak_in_node.mjs"
    spoken = subprocess.run(
        ["node", script, case.directory, copied], capture_output=True, check=True
    )
    case.check(np.frombuffer(spoken.stdout, np.float32))


def test_chromium_says_the_same(case: Case, tmp_path: Path) -> None:
    need_programs("chromium", install="scripts/test --browser")
    case.check(asyncio.run(_spoken_in_chromium(case.directory, tmp_path)))


IN_PAGE = """(async () => {
  const read = async (path) => (await fetch(path)).arrayBuffer();
  const names = ["engine", "voice", "synthesizer"].map((name) => `./web/synthesis/${name}.js`);
  const [{ speak }, ort, ...parts] = await Promise.all(
    ["./tests/speak.mjs", "./web/engine/ort.js", ...names].map((name) => import(name)));
  const packed = (await fetch("web/engine/ort.wasm.packed")).body;
  const unpacked = packed.pipeThrough(new DecompressionStream("gzip"));
  const binary = await new Response(unpacked).arrayBuffer();
  const modules = Object.assign({ ort }, ...parts);
  const heard = await speak((path) => read(`case/${path}`), modules, binary);
  const reader = new FileReader();
  reader.readAsDataURL(new Blob([heard]));
  await new Promise((done) => (reader.onload = done));
  return reader.result.split(",")[1];
})()"""


async def _spoken_in_chromium(directory: Path, profile: Path) -> Floats:
    program = shutil.which("chromium") or ""
    async with _served(directory) as address, browser.page(program, profile) as page:
        await page.open(address)
        encoded = await page.evaluate(IN_PAGE)
        assert page.complaints == []
    return np.frombuffer(base64.b64decode(encoded), np.float32)


@asynccontextmanager
async def _served(directory: Path) -> AsyncIterator[str]:
    async def blank(_: web.Request) -> web.Response:
        return web.Response(text="<link rel=icon href=data:,>", content_type="text/html")

    application = web.Application()
    application.add_routes([web.get("/", blank)])
    for name, path in {"web": WEB, "tests": HERE, "case": directory}.items():
        application.router.add_static(f"/{name}", path, follow_symlinks=True)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
