"""The page, and the description of the API: files of this package."""

from __future__ import annotations

from functools import partial
from importlib import resources

from aiohttp import web

_SCRIPTS = ("api", "elements", "listen", "queue", "reading", "script", "sound", "spectrum", "words")
FILES = {
    "/": ("web/index.html", "text/html"),
    "/icon.svg": ("web/icon.svg", "image/svg+xml"),
    "/icons.svg": ("web/icons.svg", "image/svg+xml"),
    "/style.css": ("web/style.css", "text/css"),
    **{f"/{name}.js": (f"web/{name}.js", "text/javascript") for name in _SCRIPTS},
    "/api/openapi.json": ("openapi.json", "application/json"),
}
"""Path -> file of this package, and its media type."""


def routes() -> list[web.RouteDef]:
    """One for each file."""
    return [web.get(path, partial(_send, *known)) for path, known in FILES.items()]


async def _send(name: str, content_type: str, request: web.Request) -> web.Response:
    text = resources.files("tts_daemon.inputs.http").joinpath(name).read_text(encoding="utf-8")
    headers = {"Cache-Control": "no-cache"}
    return web.Response(text=text, content_type=content_type, headers=headers)
