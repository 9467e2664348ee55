"""The picture of the page in the README files: the shipped voice, as a person would meet it.

With `TTS_PICTURES=docs/images` it is written there; committed once a release, since it is large.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.test_page import Use, click, enter, port, visit  # noqa: F401  (fixtures)
from fakes import browser
from fakes.browser import Page
from fakes.daemon_process import DaemonProcess
from fakes.requirements import need_programs

from tts_daemon.settings.places import own_models
from tts_daemon.settings.schema import DEFAULT_VOICE

TEXT = "今天重庆多云转晴，最高26.5℃。[emotion=happy]晚上一起去吃火锅吧！"
SAID = (
    ("洗衣机已经洗好了。", {}),
    ("有人按门铃。", {"preset": "happy", "priority": "important"}),
    ("客厅温度21度，湿度45%。", {}),
)
MOST_BYTES = 250_000


@pytest.fixture
def daemon(tmp_path: Path, port: int) -> Iterator[DaemonProcess]:  # noqa: F811
    need_programs("chromium", install="scripts/test --browser installs it")
    daemon = DaemonProcess(tmp_path)
    voice = {"default": DEFAULT_VOICE, "models": [str(own_models())]}
    daemon.start(http={"enabled": True, "port": port, "token": "secret"}, voice=voice)
    yield daemon
    daemon.close()


@pytest.mark.parametrize(("language", "name"), [("zh", "page.zh-CN.jpg"), ("en", "page.jpg")])
def test_a_picture_of_the_page(
    visit: Callable[[Use[None]], None],  # noqa: F811
    daemon: DaemonProcess,
    language: str,
    name: str,
    tmp_path: Path,
) -> None:
    picture = Path(os.environ.get("TTS_PICTURES", tmp_path)).resolve() / name

    async def use(page: Page) -> None:
        await page.call("Emulation.setScrollbarsHidden", hidden=True)
        await page.resize(1280, 860)
        for text, fields in SAID:
            await asyncio.to_thread(daemon.ask, text=text, wait=True, **fields)
        if language == "en":
            await click(page, "language")
        await enter(page, "text", TEXT)
        await page.until("document.getElementById('reading').innerText.includes('chóng qìng')")
        await click(page, "play")
        await page.until("!document.getElementById('save').hidden")
        await page.until("document.getElementById('playhead').hidden")
        await page.until("document.querySelectorAll('#queue .finished').length === 3")
        assert await page.evaluate("document.documentElement.lang.slice(0, 2)") == language
        await page.photograph(picture, quality=browser.FINE, whole=False)

    visit(use)
    assert 30_000 < picture.stat().st_size < MOST_BYTES
