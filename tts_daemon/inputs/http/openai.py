"""The routes of OpenAI's speech API, as far as a local voice can serve them.

Their clients send more than we know (`instructions`, `user`, `lang_code`...), and each server of
that kind adds fields of its own: what is not known is left alone, as theirs leaves it.

Source: OpenAI's API reference, `audio/speech` and `models`; `/v1/audio/voices` and
`/v1/audio/models` are what Open WebUI and other pickers ask for.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tts_daemon import checks
from tts_daemon.domain import STYLE_RANGES
from tts_daemon.errors import InvalidRequestError
from tts_daemon.inputs.http.encoding import FORMATS, MP3, WAV, Format, as_events
from tts_daemon.inputs.http.openai_voices import OpenAiVoices
from tts_daemon.inputs.http.replies import reply
from tts_daemon.inputs.http.requests import SOURCE, BodyLimits, fields_of
from tts_daemon.inputs.http.speech import Speech
from tts_daemon.requests import field, request_of

MODEL = "tts-daemon"
SPEED_HEADER = "X-Speed-Clamped"
_SPEEDS = (0.25, 4.0)
"""What the API allows; a voice takes less."""


class OpenAi:
    """Their names for our things: `input` is the text, `voice` a voice or a preset."""

    def __init__(self, voices: OpenAiVoices, speech: Speech, limits: BodyLimits) -> None:
        self._voices = voices
        self._speech = speech
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        """What this class answers."""
        return [
            web.post("/v1/audio/speech", self.speech),
            web.get("/v1/audio/voices", self.voices),
            web.get("/v1/audio/models", self.audio_models),
            web.get("/v1/models", self.models),
            web.get("/v1/models/{id:.+}", self.model),
        ]

    async def models(self, request: web.Request) -> web.Response:
        """The one model; whatever name a client sends is taken for it."""
        return reply({"object": "list", "data": [_model(MODEL)]})

    async def model(self, request: web.Request) -> web.Response:
        """The one model, under the name by which it is asked for."""
        return reply(_model(request.match_info["id"]))

    async def audio_models(self, request: web.Request) -> web.Response:
        """The one model, for those who pick from a list."""
        return reply({"models": [{"id": MODEL, "name": MODEL}]})

    async def voices(self, request: web.Request) -> web.Response:
        """Voices, presets and the stock names, for those who pick from a list."""
        return reply({"voices": [{"id": name, "name": name} for name in self._voices.names()]})

    async def speech(self, request: web.Request) -> web.StreamResponse:
        """Speech as the body of the answer; a WAV is sent when it is whole, unless streamed."""
        given = await fields_of(request, self._limits)
        fields = {name: value for name, value in given.items() if value is not None}
        form = _format(fields)
        wanted = {"text": fields.get("input", ""), **self._voices.find(fields.get("voice"))}
        headers = _add_speed(wanted, fields)
        try:
            return await self._speech.answer(
                request,
                request_of(wanted, SOURCE),
                stream=form is not WAV or fields.get("stream") is True,
                form=form,
                headers=headers,
            )
        except InvalidRequestError as error:
            raise type(error)(str(error).replace("text:", "input:", 1)) from None


def _format(fields: dict[str, Any]) -> Format:
    name = fields.get("response_format", MP3.name)
    form = FORMATS[field("response_format", lambda given: checks.choice(given, FORMATS), name)]
    kind = fields.get("stream_format", "audio")
    field("stream_format", lambda given: checks.choice(given, ("audio", "sse")), kind)
    return as_events(form) if kind == "sse" else form


def _add_speed(wanted: dict[str, Any], fields: dict[str, Any]) -> dict[str, str]:
    """Adds the speed that a voice can take; returns the header that says so where it is another."""
    if "speed" not in fields:
        return {}
    known = STYLE_RANGES["speed"]
    asked = field(
        "speed", lambda given: checks.number(given, *_SPEEDS, known.unit), fields["speed"]
    )
    wanted["speed"] = min(max(asked, known.least), known.most)
    return {} if wanted["speed"] == asked else {SPEED_HEADER: f"{wanted['speed']:g}"}


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": MODEL}
