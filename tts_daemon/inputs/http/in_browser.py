"""Routes for browsers that make the sound themselves: how a text is read, and the voice's files."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from aiohttp import web

from tts_daemon.domain import SpeakRequest
from tts_daemon.errors import InvalidRequestError, VoiceError
from tts_daemon.inputs.http import pages
from tts_daemon.inputs.http.replies import send_pieces
from tts_daemon.inputs.http.requests import SOURCE, BodyLimits, fields_of
from tts_daemon.inputs.http.symbols import clause_message
from tts_daemon.inputs.messages import to_json
from tts_daemon.inputs.rendering import Renderer
from tts_daemon.ports import SpeechService
from tts_daemon.requests import request_of
from tts_daemon.voices.manifest import FILE_NAME, Manifest
from tts_daemon.voices.store import VoiceStore

_GRAPH = ".onnx"


def is_for_browsers(manifest: Manifest) -> bool:
    """Whether a browser can be this voice: it is given an engine, and the graphs are for that."""
    files = [graph.file for graph in manifest.graphs.values()]
    return pages.has_engine() and all(file.endswith(_GRAPH) for file in files)


class InBrowser:
    """Reads for browsers, and hands out voice packages. Nothing is synthesised here."""

    def __init__(
        self, service: SpeechService, renderer: Renderer, voices: VoiceStore, limits: BodyLimits
    ) -> None:
        self._service = service
        self._renderer = renderer
        self._voices = voices
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        """What this class answers."""
        return [
            web.post("/api/symbols", self.symbols),
            web.get("/api/voices/{voice}/{file}", self.file),
        ]

    async def symbols(self, request: web.Request) -> web.StreamResponse:
        """The clauses of a text, one JSON object a line, each sent as soon as it is read."""
        wanted = request_of(await fields_of(request, self._limits), SOURCE)
        lines = self._lines(wanted)
        first = await self._renderer.call(lambda: next(lines, None))
        if first is None:
            raise InvalidRequestError("text: holds nothing to speak")
        headers = {"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}
        async with contextlib.aclosing(self._all(first, lines)) as pieces:
            return await send_pieces(request, pieces, headers, self._limits.timeout_s)

    def _lines(self, wanted: SpeakRequest) -> Iterator[bytes]:
        manifests: dict[str, Manifest] = {}
        for clause in self._service.read(wanted):
            name = clause.style.voice
            if name not in manifests:
                manifests[name] = self._voices.find(name).manifest
            yield to_json(clause_message(clause, manifests[name])) + b"\n"

    async def _all(self, first: bytes, more: Iterator[bytes]) -> AsyncGenerator[bytes]:
        line: bytes | None = first
        while line is not None:
            yield line
            line = await self._renderer.call(lambda: next(more, None))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The manifest of a voice, or one of the graphs that it names."""
        name, file = request.match_info["voice"], request.match_info["file"]
        path = await self._renderer.call(lambda: self._path(name, file))
        # A voice that was converted anew is asked for again; else the browser keeps what it has.
        headers = {"Cache-Control": "no-cache", "Content-Type": _media_type(file)}
        return web.FileResponse(path, headers=headers)

    def _path(self, name: str, file: str) -> Path:
        try:
            package = self._voices.find(name)
        except VoiceError as error:
            raise web.HTTPNotFound(text=str(error)) from error
        known = {FILE_NAME, *(graph.file for graph in package.manifest.graphs.values())}
        path = package.directory / file
        if file not in known or not path.is_file():
            raise web.HTTPNotFound(text=f"{file!a:.80}: is no file of voice {name!a:.80}")
        return path


def _media_type(file: str) -> str:
    return "application/json" if file == FILE_NAME else "application/octet-stream"
