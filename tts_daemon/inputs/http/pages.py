"""The page, and the description of the API: files of this package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from aiohttp import web

_MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
    ".packed": "application/octet-stream",
}
_BYTES = (".png", ".packed")
_ENGINE = "/engine/ort.js"
_MAY_COMPILE = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval';"
    " frame-ancestors 'none'; base-uri 'none'",
}
# Isolated pages may have threads.
_ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
_MAY_BE_ISOLATED = "Sec-Fetch-Dest"
"""Browsers send it over TLS and to their own machine only; elsewhere they complain of isolation."""
_MAKES_SOUND = ("/", "/synthesis/worker.js", _ENGINE)
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


@cache
def has_engine() -> bool:
    """Whether ONNX Runtime for browsers was put here (`scripts/browser-parts`)."""
    return _ENGINE in files()


def safety(request: web.BaseRequest) -> Mapping[str, str]:
    """Headers of those files that may run WebAssembly: the page, and the workers that speak."""
    if request.path not in _MAKES_SOUND:
        return {}
    return _MAY_COMPILE | (_ISOLATED if _MAY_BE_ISOLATED in request.headers else {})


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


async def _send(file: Traversable, request: web.Request) -> web.StreamResponse:
    suffix = PurePosixPath(file.name).suffix
    kind = _MEDIA_TYPES[suffix]
    if suffix not in _BYTES:
        kind = f"{kind}; charset=utf-8"
    headers = {"Cache-Control": "no-cache", "Content-Type": kind}
    # By its date and size: what a browser has already is not sent again.
    return web.FileResponse(Path(str(file)), headers=headers)
