"""Routes for those who look after the daemon: corrected readings, the doctor, the log."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tts_daemon import checks
from tts_daemon.errors import InvalidRequestError
from tts_daemon.inputs.http.desk import Desk
from tts_daemon.inputs.http.replies import refusal, reply
from tts_daemon.inputs.http.requests import BodyLimits, fields_of
from tts_daemon.language import language_of
from tts_daemon.requests import field


class Upkeep:
    """Answers for the desk.

    Args:
        desk: What there is to look at.
        limits: Of what a client may send.
        has_token: Whether the door knows who asks; else nobody may change the lexicon.
    """

    def __init__(self, desk: Desk, limits: BodyLimits, *, has_token: bool) -> None:
        self._desk = desk
        self._limits = limits
        self._can_save = has_token and desk.corrections is not None
        self._examinations: dict[str, asyncio.Task[list[dict[str, Any]]]] = {}

    def routes(self) -> list[web.RouteDef]:
        """What this class answers."""
        return [
            web.get("/api/lexicon", self.lexicon),
            web.post("/api/lexicon", self.correct),
            web.get("/api/doctor", self.doctor),
            web.get("/api/log", self.log),
        ]

    async def lexicon(self, request: web.Request) -> web.Response:
        """Readings that were corrected, the newest first, and whether more can be."""
        corrections = self._desk.corrections
        known = await asyncio.to_thread(corrections.entries) if corrections else {}
        entries = [{"word": word, "reading": reading} for word, reading in known.items()]
        return reply({"can_save": self._can_save, "entries": entries[::-1]})

    async def correct(self, request: web.Request) -> web.Response:
        """Keep a reading, or forget it; tells the one before, by which that is undone."""
        fields = await fields_of(request, self._limits)
        if self._desk.corrections is None or not self._can_save:
            message = "http.token: set one (http.token_file) to change the lexicon from here"
            return refusal(request, 403, "forbidden", message)
        if fields.keys() != {"word", "reading"}:
            raise InvalidRequestError("word, reading: both are needed; a reading of null removes")
        word = field("word", checks.text, fields["word"])
        wanted = fields["reading"]
        reading = None if wanted is None else field("reading", checks.text, wanted)
        previous = await asyncio.to_thread(self._desk.corrections.change, word, reading)
        return reply({"ok": True, "word": word, "reading": reading, "previous": previous})

    async def doctor(self, request: web.Request) -> web.Response:
        """What tts-doctor finds on this machine; who asks meanwhile is told the same."""
        language = language_of({"LANG": request.headers.get("Accept-Language", "")})
        running = self._examinations.get(language)
        if running is None or running.done():
            running = asyncio.create_task(asyncio.to_thread(self._desk.examine, language))
            self._examinations[language] = running
        # Who hangs up does not end it for the others.
        return reply({"findings": await asyncio.shield(running)})

    async def log(self, request: web.Request) -> web.Response:
        """The newest lines of the log."""
        return reply({"lines": self._desk.log()})
