"""The page, and the description of the API: files of this package."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from aiohttp import web

_MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
}
INDEX = "/index.html"


def files() -> dict[str, Traversable]:
    """Path -> file of this package: whatever lies in `web/`, and the description of the API."""
    here = resources.files("tts_daemon.inputs.http")
    found = {f"/{name}": file for name, file in _files_in(here.joinpath("web"))}
    return {
        "/": found.pop(INDEX),
        **found,
        "/api/openapi.json": here.joinpath("openapi.json"),
    }


def routes() -> list[web.RouteDef]:
    """One for each file."""
    return [web.get(path, partial(_send, file)) for path, file in files().items()]


def _files_in(directory: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in directory.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            yield from _files_in(entry, f"{name}/")
        elif PurePosixPath(name).suffix in _MEDIA_TYPES:
            yield name, entry


async def _send(file: Traversable, request: web.Request) -> web.Response:
    kind = _MEDIA_TYPES[PurePosixPath(file.name).suffix]
    charset = None if kind == "image/png" else "utf-8"
    headers = {"Cache-Control": "no-cache"}
    return web.Response(body=file.read_bytes(), content_type=kind, charset=charset, headers=headers)
