"""The page, and the description of the API: files of this package."""

from __future__ import annotations

from functools import partial
from importlib import resources

from aiohttp import web

FILES = {
    "/": ("web/index.html", "text/html"),
    "/icon.svg": ("web/icon.svg", "image/svg+xml"),
    "/style.css": ("web/style.css", "text/css"),
    "/script.js": ("web/script.js", "text/javascript"),
    "/sound.js": ("web/sound.js", "text/javascript"),
    "/spectrum.js": ("web/spectrum.js", "text/javascript"),
    "/words.js": ("web/words.js", "text/javascript"),
    "/api/openapi.json": ("http/openapi.json", "application/json"),
}
"""Path -> file under `inputs`, and its media type."""


def routes() -> list[web.RouteDef]:
    """One for each file."""
    return [
        web.get(path, partial(_send, *known), allow_head=False) for path, known in FILES.items()
    ]


async def _send(name: str, content_type: str, request: web.Request) -> web.Response:
    text = resources.files("tts_daemon.inputs").joinpath(name).read_text(encoding="utf-8")
    headers = {"Cache-Control": "no-cache"}
    return web.Response(text=text, content_type=content_type, headers=headers)
