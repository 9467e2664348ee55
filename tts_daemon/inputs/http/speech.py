"""Routes that speak: into the answer as it is made, or on the device."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable

from aiohttp import web

from tts_daemon.domain import Event, EventType, SpeakRequest
from tts_daemon.errors import TtsError
from tts_daemon.inputs import messages
from tts_daemon.inputs.http.replies import reply
from tts_daemon.inputs.http.requests import Limits, fields_of, flag, speak_request, text_of
from tts_daemon.inputs.rendering import Renderer, Sound
from tts_daemon.ports import Command, Snapshot, SpeechService
from tts_daemon.synthesis.wav import wav_header

log = logging.getLogger(__name__)

WAV = "audio/wav"
_FINAL = frozenset({EventType.FINISHED, EventType.CANCELLED, EventType.EXPIRED, EventType.FAILED})


class Speech:
    """Our own routes, and Rhasspy's."""

    def __init__(self, service: SpeechService, renderer: Renderer, limits: Limits) -> None:
        self._service = service
        self._renderer = renderer
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        """What this class answers."""
        return [
            web.post("/api/tts", self.render),
            web.post("/api/say", self.say),
            web.post("/api/text-to-speech", self.rhasspy),
        ]

    async def render(self, request: web.Request) -> web.StreamResponse:
        """Speech for the caller; the first bytes leave before the first sentence is done."""
        fields = await fields_of(request, self._limits)
        stream = flag("stream", fields.pop("stream", request.query.get("stream")), True)
        return await self.answer(request, speak_request(fields, self._limits), stream=stream)

    async def answer(
        self, request: web.Request, wanted: SpeakRequest, *, stream: bool = True, pcm: bool = False
    ) -> web.StreamResponse:
        """Speech as the body of the answer.

        Args:
            request: Who asks.
            wanted: What to speak.
            stream: False waits for the end, so that the WAV header can tell the length.
            pcm: Samples without a header.
        """
        async with (
            self._renderer.render(wanted) as sound,
            contextlib.aclosing(sound.blocks()) as blocks,
        ):
            if stream:
                return await self._stream(request, wanted.id, sound, blocks, pcm)
            data = b"".join([block async for block in blocks])
        head = b"" if pcm else wav_header(sound.sample_rate, len(data))
        return web.Response(body=head + data, headers=_headers(wanted.id, sound, pcm))

    async def _stream(
        self,
        request: web.Request,
        name: str,
        sound: Sound,
        blocks: AsyncGenerator[bytes],
        pcm: bool,
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=_headers(name, sound, pcm))
        await response.prepare(request)
        try:
            if not pcm:
                await response.write(wav_header(sound.sample_rate))
            async for block in blocks:
                # A client that takes nothing must not keep others from being rendered for.
                async with asyncio.timeout(self._limits.timeout_s):
                    await response.write(block)
            await response.write_eof()
        except BaseException as error:
            # The head is sent, so that only a broken connection can still tell of a failure.
            if request.transport is not None:
                request.transport.abort()
            if isinstance(error, TtsError):
                log.warning("http: a synthesis failed after its first byte: %s", error)
            if isinstance(error, Exception):
                raise ConnectionResetError(f"cut off: {error}") from error
            raise
        return response

    async def say(self, request: web.Request) -> web.StreamResponse:
        """Speech on the device."""
        fields = await fields_of(request, self._limits)
        wait = flag("wait", fields.pop("wait", None), False)
        wanted = speak_request(fields, self._limits)
        ended: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        unsubscribe = self._service.subscribe(_listener(wanted.id, ended))
        try:
            position = await self._renderer.call(lambda: self._service.submit(wanted))
            message = {"ok": True, "id": wanted.id, "position": position}
            if wait and position >= 0:
                message |= messages.event_message(await ended)
        finally:
            unsubscribe()
        return reply(message)

    async def rhasspy(self, request: web.Request) -> web.StreamResponse:
        """Plain text, spoken on the device; with `play=false` the WAV is the answer."""
        if flag("repeat", request.query.get("repeat"), False):
            await self._renderer.call(lambda: self._service.command(Command.REPEAT))
            return web.Response(text="")
        text = await text_of(request, self._limits)
        fields = {"text": text}
        if request.query.get("voice"):
            fields["voice"] = request.query["voice"]
        wanted = speak_request(fields, self._limits)
        if not flag("play", request.query.get("play"), True):
            return await self.answer(request, wanted, stream=False)
        await self._renderer.call(lambda: self._service.submit(wanted))
        return web.Response(text=text)


def _headers(name: str, sound: Sound, pcm: bool) -> dict[str, str]:
    kind = f"audio/pcm;rate={sound.sample_rate};encoding=signed-int;bits=16" if pcm else WAV
    # Any character may stand in an id, but not in a header.
    shown = name.encode("ascii", "backslashreplace").decode()
    return {"Content-Type": kind, "X-Request-Id": shown, "Cache-Control": "no-store"}


def _listener(name: str, ended: asyncio.Future[Event]) -> Callable[[Event | Snapshot], None]:
    """Hands the final event of one utterance over to the loop that waits for it."""
    loop = ended.get_loop()

    def settle(event: Event) -> None:
        if not ended.done():
            ended.set_result(event)

    def listen(item: Event | Snapshot) -> None:
        if isinstance(item, Event) and item.id == name and item.event_type in _FINAL:
            loop.call_soon_threadsafe(settle, item)

    return listen
