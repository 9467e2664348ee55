"""The routes of OpenAI's speech API, as far as a local voice can serve them.

Source: OpenAI's API reference, `audio/speech` and `models`.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tts_daemon import checks
from tts_daemon.errors import InvalidRequestError
from tts_daemon.inputs.http.encoding import FORMATS, WAV
from tts_daemon.inputs.http.replies import reply
from tts_daemon.inputs.http.requests import SOURCE, BodyLimits, fields_of
from tts_daemon.inputs.http.speech import Speech
from tts_daemon.ports import SpeechService
from tts_daemon.requests import field, request_of

MODEL = "tts-daemon"
_IGNORED = ("model", "instructions")
_FIELDS = ("input", "voice", "response_format", "speed", "stream_format", *_IGNORED)


class OpenAi:
    """Their names for our things: `input` is the text, `voice` a voice or a preset."""

    def __init__(self, service: SpeechService, speech: Speech, limits: BodyLimits) -> None:
        self._service = service
        self._speech = speech
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        """What this class answers."""
        return [
            web.post("/v1/audio/speech", self.speech),
            web.get("/v1/models", self.models, allow_head=False),
        ]

    async def models(self, request: web.Request) -> web.Response:
        """The one model; whatever name a client sends is taken for it."""
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": MODEL}
        return reply({"object": "list", "data": [model]})

    async def speech(self, request: web.Request) -> web.StreamResponse:
        """Speech as the body of the answer."""
        given = await fields_of(request, self._limits)
        fields = {name: value for name, value in given.items() if value is not None}
        self._check(fields)
        wanted = {"text": fields.get("input", ""), **self._voice(fields.get("voice"))}
        if "speed" in fields:
            wanted["speed"] = fields["speed"]
        form = FORMATS[fields.get("response_format", WAV.name)]
        try:
            return await self._speech.answer(request, request_of(wanted, SOURCE), form=form)
        except InvalidRequestError as error:
            raise type(error)(str(error).replace("text:", "input:", 1)) from None

    def _check(self, fields: dict[str, Any]) -> None:
        unknown = [name for name in fields if name not in _FIELDS]
        if unknown:
            known = ", ".join(_FIELDS)
            raise InvalidRequestError(f"{unknown[0]!a:.40}: unknown field; known: {known}")
        wanted = fields.get("response_format", WAV.name)
        field("response_format", lambda given: checks.choice(given, FORMATS), wanted)
        if fields.get("stream_format", "audio") != "audio":
            raise InvalidRequestError("stream_format: only audio is known")

    def _voice(self, name: object) -> dict[str, Any]:
        """An installed voice, or else a preset."""
        if name is None or name == "":
            return {}
        now = self._service.snapshot()
        known = (*now.voices, *now.presets)
        field("voice", lambda given: checks.choice(given, known), name)
        return {"voice": name} if name in now.voices else {"preset": name}
