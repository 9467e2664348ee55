"""Routes that tell: voices, presets, state, events, health, figures, and how a text is read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from tts_daemon import __version__, checks
from tts_daemon.domain import Event
from tts_daemon.errors import InvalidRequestError, VoiceError
from tts_daemon.inputs import messages
from tts_daemon.inputs.http import metrics
from tts_daemon.inputs.http.history import History
from tts_daemon.inputs.http.in_browser import is_for_browsers
from tts_daemon.inputs.http.reading import described
from tts_daemon.inputs.http.replies import refusal, reply
from tts_daemon.inputs.http.requests import SOURCE, BodyLimits, fields_of
from tts_daemon.inputs.rendering import Renderer
from tts_daemon.metrics import prometheus
from tts_daemon.ports import Snapshot, SpeechService
from tts_daemon.requests import field, name_of, request_of
from tts_daemon.voices.store import VoiceStore

SIGN_OF_LIFE_S = 15.0
"""Longest silence on the stream of events; proxies cut off what says nothing."""
EVENTS = "/api/events"
SETTINGS = ("volume", "speed", "preset", "quiet_hours")
BACKLOG = 1000
"""Events that a listener may be late; it is cut off after that, and asks anew."""


class State:
    """The player as it is, and as it changes."""

    def __init__(
        self,
        service: SpeechService,
        renderer: Renderer,
        voices: VoiceStore,
        limits: BodyLimits,
        history: History,
    ) -> None:
        self._service = service
        self._renderer = renderer
        self._voices = voices
        self._limits = limits
        self._history = history
        self.stopping = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """What this class answers."""
        told = {
            "/api/voices": self.voices,
            "/api/presets": self.presets,
            "/api/status": self.status,
            "/api/history": self.history,
            EVENTS: self.events,
            "/healthz": self.health,
            "/readyz": self.ready,
            "/metrics": self.metrics,
        }
        return [
            *(web.get(path, handler, allow_head=path != EVENTS) for path, handler in told.items()),
            web.post("/api/reading", self.reading),
            web.post("/api/command", self.command),
            web.post("/api/settings", self.settings),
        ]

    async def voices(self, request: web.Request) -> web.Response:
        """Installed voices, the default first."""
        names = self._service.snapshot().voices
        return reply({"voices": await self._renderer.call(lambda: self._described(names))})

    def _described(self, names: tuple[str, ...]) -> list[dict[str, object]]:
        found = []
        for name in names:
            with contextlib.suppress(VoiceError):
                known = self._voices.find(name).manifest
                found.append(
                    {
                        "name": name,
                        "title": known.title,
                        "language": known.language,
                        "emotions": known.emotions,
                        "sample_rate": known.sample_rate,
                        "licence": known.licence,
                        "in_browser": is_for_browsers(known),
                    }
                )
        return found

    async def presets(self, request: web.Request) -> web.Response:
        """Names of presets and chimes, and the preset of requests that name none."""
        now = self._service.snapshot()
        return reply({"presets": now.presets, "preset": now.preset, "chimes": now.chimes})

    async def status(self, request: web.Request) -> web.Response:
        """The player at this moment."""
        return reply(self._status(self._service.snapshot()))

    def _status(self, now: Snapshot) -> dict[str, object]:
        return {"version": __version__, **messages.snapshot_message(now)}

    async def history(self, request: web.Request) -> web.Response:
        """What was spoken lately, the newest first."""
        return reply(self._told_history())

    def _told_history(self) -> dict[str, object]:
        return {"utterances": self._history.newest()}

    async def command(self, request: web.Request) -> web.Response:
        """stop, skip, clear, pause, resume, repeat."""
        command = messages.command_of((await fields_of(request, self._limits)).get("command"))
        await self._renderer.order(lambda: self._service.command(command))
        return await self.status(request)

    async def settings(self, request: web.Request) -> web.Response:
        """Volume, speed, preset and quiet hours of the device."""
        fields = await fields_of(request, self._limits)
        if not fields or not fields.keys() <= set(SETTINGS):
            strange = ", ".join(sorted(fields.keys() - set(SETTINGS))) or "nothing"
            known = ", ".join(SETTINGS)
            raise InvalidRequestError(f"{strange:.80}: is no setting; known: {known}")
        for name in fields:
            await self._renderer.call(partial(self._set, name, fields))
        return await self.status(request)

    def _set(self, name: str, fields: Mapping[str, Any]) -> None:
        if name == "preset":
            self._service.set_preset(name_of(fields, "preset") or "")
        elif name == "volume":
            self._service.set_volume(fields[name])
        elif name == "speed":
            self._service.set_speed(fields[name])
        else:
            self._service.set_quiet_hours(field(name, checks.mapping, fields[name]))

    async def reading(self, request: web.Request) -> web.Response:
        """How a text is read: words, pinyin and breaks."""
        wanted = request_of(await fields_of(request, self._limits), SOURCE)
        return reply(
            await self._renderer.call(lambda: described(wanted.text, self._service.read(wanted)))
        )

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: `history` and `state` at once, then changes and `utterance`s."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        async with contextlib.aclosing(self._news()) as news:
            async for piece in news:
                async with asyncio.timeout(self._limits.timeout_s):
                    await response.write(piece.encode())
        return response

    async def _news(self) -> AsyncGenerator[str]:
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[Event | Snapshot] = asyncio.Queue()

        def listen(item: Event | Snapshot) -> None:
            loop.call_soon_threadsafe(waiting.put_nowait, item)

        unsubscribe = self._service.subscribe(listen)
        try:
            # Heard from now on, so that nothing happens between the history and the first event.
            yield _sent("history", self._told_history())
            yield self._piece(self._service.snapshot())
            while not self.stopping.is_set() and waiting.qsize() < BACKLOG:
                try:
                    async with asyncio.timeout(SIGN_OF_LIFE_S):
                        item = await waiting.get()
                except TimeoutError:
                    yield ": still here\n\n"
                else:
                    yield self._piece(item)
        finally:
            unsubscribe()

    def _piece(self, item: Event | Snapshot) -> str:
        if isinstance(item, Snapshot):
            return _sent("state", self._status(item))
        shows_text = self._history.shows_text
        return _sent("utterance", messages.event_message(item, shows_text=shows_text))

    async def health(self, request: web.Request) -> web.Response:
        """The process answers."""
        return reply({"ok": True})

    async def ready(self, request: web.Request) -> web.Response:
        """Requests are accepted."""
        if self.stopping.is_set():
            return refusal(request, 503, "not_ready", "the daemon is stopping")
        return reply({"ok": True, "version": __version__})

    async def metrics(self, request: web.Request) -> web.Response:
        """Figures for Prometheus."""
        player = prometheus.of_player(self._service.snapshot())
        requests = request.app[metrics.REQUESTS].lines()
        text = "\n".join([*player, *prometheus.of_process(), *requests, ""])
        return web.Response(text=text, content_type="text/plain", charset="utf-8")


def _sent(name: str, message: object) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {messages.to_json(message).decode()}\n\n"
