"""Headless Chromium, driven over its debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE_S = 60.0
PHONE_PIXELS = 600
FINE = 88
"""Quality of a JPEG on which letters are still sharp."""
KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    " ": (32, " "),
    "Escape": (27, ""),
    "ArrowRight": (39, ""),
}
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--accept-lang=zh-CN", "--remote-debugging-port=0",
    "--remote-allow-origins=*",
    "--autoplay-policy=no-user-gesture-required", "about:blank",
)  # fmt: skip


class Page:
    """One page of a browser."""

    def __init__(self, wire: aiohttp.ClientWebSocketResponse) -> None:
        self._wire = wire
        self._number = 0
        self.complaints: list[str] = []
        """What the page wrote to its console as errors, and what it threw."""

    async def call(self, method: str, **parameters: Any) -> Any:
        """One command and its result."""
        self._number += 1
        await self._wire.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            told = await self._wire.receive_json(timeout=PATIENCE_S)
            self._note(told)
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]

    def _note(self, told: dict[str, Any]) -> None:
        if told.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["params"], ensure_ascii=False))
        if told.get("method") == "Log.entryAdded" and told["params"]["entry"]["level"] == "error":
            self.complaints.append(told["params"]["entry"]["text"])

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression; promises are waited for."""
        given = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        result = await self.call("Runtime.evaluate", **given)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait, frame by frame, until a condition holds."""
        loop = f"(async()=>{{while(!({condition}))await new Promise(f=>setTimeout(f,50));}})()"
        async with asyncio.timeout(PATIENCE_S):
            await self.evaluate(loop)

    async def open(self, address: str) -> None:
        """Go to an address."""
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=address)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def reload(self) -> None:
        """As a person reloads it; what ran before is gone."""
        await self.evaluate("window.isOld = true")
        await self.call("Page.reload")
        await self.until("!window.isOld && document.readyState === 'complete'")

    async def resize(self, width: int, height: int = 900) -> None:
        """Another screen, of so many CSS pixels; below 600 a phone."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < PHONE_PIXELS,
        )  # fmt: skip
        # Two frames: one to lay out, one for what watches the layout.
        await self.evaluate(
            "new Promise(f => requestAnimationFrame(() => requestAnimationFrame(() => f(0))))"
        )

    async def choose_theme(self, theme: str) -> None:
        """`light` or `dark`."""
        wish = [{"name": "prefers-color-scheme", "value": theme}]
        await self.call("Emulation.setEmulatedMedia", features=wish)

    async def press(self, key: str, *, shift: bool = False) -> None:
        """A key, as the keyboard sends it: a name of `KEYS`."""
        code, text = KEYS[key]
        given = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **given)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    async def photograph(
        self, path: Path, *, quality: int | None = None, whole: bool = True
    ) -> None:
        """The whole page, or what the window shows of it: PNG, or with a quality (to 100) JPEG."""
        kind = {"format": "jpeg", "quality": quality} if quality else {"format": "png"}
        taken = await self.call("Page.captureScreenshot", captureBeyondViewport=whole, **kind)
        path.write_bytes(base64.b64decode(taken["data"]))


@asynccontextmanager
async def page(
    program: str, directory: Path, width: int = 1000, *, options: Sequence[str] = ()
) -> AsyncIterator[Page]:
    """A browser with one page, ended afterwards; `options` of the command line."""
    profile = directory / f"profile-{width}"
    process = subprocess.Popen(
        [
            program,
            f"--user-data-dir={profile}",
            f"--window-size={width},1400",
            *options,
            *ARGUMENTS,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            line = ""
            while "DevTools listening on" not in line:
                line = await asyncio.to_thread(process.stderr.readline)
        origin = line.split("ws://")[1].split("/")[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{origin}/json/list") as answer:
                target = next(known for known in await answer.json() if known["type"] == "page")
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as wire:
                yield Page(wire)
    finally:
        process.terminate()
        process.communicate()
