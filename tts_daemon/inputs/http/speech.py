"""Routes that speak: into the answer as it is made, or on the device."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial

from aiohttp import web

from tts_daemon.domain import OUTCOMES, ClauseSound, Event, SpeakRequest
from tts_daemon.errors import TtsError
from tts_daemon.inputs import messages
from tts_daemon.inputs.http.encoders import AudioEncoder
from tts_daemon.inputs.http.encoding import WAV, Format
from tts_daemon.inputs.http.replies import reply, send_pieces
from tts_daemon.inputs.http.requests import (
    SOURCE,
    BodyLimits,
    fields_of,
    fields_of_query,
    flag,
    pieces_of,
    text_of,
)
from tts_daemon.inputs.rendering import Renderer, Sound
from tts_daemon.ports import Command, Snapshot, SpeechService, TextStream
from tts_daemon.requests import request_of, stream_request_of
from tts_daemon.sound.wav import wav_header
from tts_daemon.synthesis.remote import message as clause_message

_CUT_OFF = "http: the text was cut off; what had come was spoken"


class Speech:
    """Our own routes, and Rhasspy's."""

    def __init__(self, service: SpeechService, renderer: Renderer, limits: BodyLimits) -> None:
        self._service = service
        self._renderer = renderer
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        """What this class answers."""
        return [
            web.post("/api/tts", self.render),
            web.post("/api/say", self.say),
            web.post("/api/text-to-speech", self.rhasspy),
            web.post(clause_message.PATH, self.clause),
        ]

    async def render(self, request: web.Request) -> web.StreamResponse:
        """Speech for the caller; the first bytes leave before the first sentence is done."""
        fields = await fields_of(request, self._limits)
        stream = flag("stream", fields.pop("stream", request.query.get("stream")), True)
        return await self.answer(request, request_of(fields, SOURCE), stream=stream)

    async def answer(
        self,
        request: web.Request,
        wanted: SpeakRequest,
        *,
        stream: bool = True,
        form: Format = WAV,
        headers: Mapping[str, str] | None = None,
    ) -> web.StreamResponse:
        """Speech as the body of the answer.

        Args:
            request: Who asks.
            wanted: What to speak.
            stream: False waits for the end, so that the WAV header can tell the length.
            form: What the sound is sent as; without `stream` always WAV.
            headers: More of the answer's head.
        """
        async with (
            self._renderer.render(wanted) as sound,
            contextlib.aclosing(sound.blocks()) as blocks,
        ):
            head = {**_headers(wanted.id, sound, form), **(headers or {})}
            if not stream:
                return web.Response(body=await _whole(sound.sample_rate, blocks), headers=head)
            encoder = await self._renderer.call(partial(form.encoder, sound.sample_rate))
            with contextlib.closing(encoder):
                pieces = self._encoded(blocks, encoder)
                async with contextlib.aclosing(pieces):
                    return await send_pieces(request, pieces, head, self._limits.timeout_s)

    async def clause(self, request: web.Request) -> web.StreamResponse:
        """A clause for another daemon, which has read it: PCM, and where its symbols lie."""
        clause = clause_message.clause_of(await fields_of(request, self._limits))
        async with (
            self._renderer.make(clause) as (made, sound),
            contextlib.aclosing(sound.blocks()) as blocks,
        ):
            return await send_pieces(request, blocks, _clause_headers(made), self._limits.timeout_s)

    async def _encoded(
        self, blocks: AsyncGenerator[bytes], encoder: AudioEncoder
    ) -> AsyncGenerator[bytes]:
        async for block in blocks:
            if piece := await self._renderer.call(partial(encoder.add, block)):
                yield piece
        yield await self._renderer.call(encoder.finish)

    async def say(self, request: web.Request) -> web.StreamResponse:
        """Speech on the device."""
        if flag("stream", request.query.get("stream"), False):
            return await self._say_stream(request)
        fields = await fields_of(request, self._limits)
        wait = flag("wait", fields.pop("wait", None), False)
        wanted = request_of(fields, SOURCE)
        ended: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        unsubscribe = self._service.subscribe(_listener(wanted.id, ended))
        try:
            position = await self._renderer.submit(wanted)
            message = {"ok": True, "id": wanted.id, "position": position}
            if wait or position < 0:
                message |= messages.event_message(await ended)
        finally:
            unsubscribe()
        return reply(message)

    async def _say_stream(self, request: web.Request) -> web.StreamResponse:
        """Speech on the device, of a body that is still being written; the query has the fields."""
        fields = fields_of_query(request)
        wait = flag("wait", fields.pop("wait", None), False)
        wanted = stream_request_of(fields, SOURCE)
        ended: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        unsubscribe = self._service.subscribe(_listener(wanted.id, ended))
        try:
            stream = await self._open(wanted)
            message = {"ok": True, "id": wanted.id, "position": stream.position}
            is_spoken = stream.position >= 0 and await self._pass_on(request, stream)
            if wait or not is_spoken:
                message |= messages.event_message(await ended)
        finally:
            unsubscribe()
        return reply(message)

    async def _open(self, wanted: SpeakRequest) -> TextStream:
        """Begin a text; it ends at once where the client has gone meanwhile."""
        opening = self._renderer.call(lambda: self._service.open(wanted))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_cut_off)
            raise

    async def _pass_on(self, request: web.Request, stream: TextStream) -> bool:
        """Give the player what comes; False where the utterance ends before its text."""
        decoder = messages.TextDecoder()
        cut_off = _CUT_OFF
        try:
            async for piece in pieces_of(request):
                text = decoder.decode(piece)
                if not await self._renderer.call(partial(stream.add, text)):
                    return False
            cut_off = ""
            return stream.add(decoder.decode(b"", is_last=True))
        except TtsError as error:
            cut_off = f"{error}; what had come was spoken"
            raise
        finally:
            stream.end(cut_off)

    async def rhasspy(self, request: web.Request) -> web.StreamResponse:
        """Plain text, spoken on the device; with `play=false` the WAV is the answer."""
        if flag("repeat", request.query.get("repeat"), False):
            await self._renderer.order(lambda: self._service.command(Command.REPEAT))
            return web.Response(text="")
        text = await text_of(request, self._limits)
        fields = {"text": text}
        if request.query.get("voice"):
            fields["voice"] = request.query["voice"]
        wanted = request_of(fields, SOURCE)
        if not flag("play", request.query.get("play"), True):
            return await self.answer(request, wanted, stream=False)
        await self._renderer.submit(wanted)
        return web.Response(text=text)


def _cut_off(opening: asyncio.Future[TextStream]) -> None:
    if opening.exception() is None:
        opening.result().end(_CUT_OFF)


def _headers(name: str, sound: Sound, form: Format) -> dict[str, str]:
    # Any character may stand in an id, but not in a header.
    shown = name.encode("ascii", "backslashreplace").decode()
    kind = form.content_type(sound.sample_rate)
    return {"Content-Type": kind, "X-Request-Id": shown, "Cache-Control": "no-store"}


async def _whole(sample_rate: int, blocks: AsyncGenerator[bytes]) -> bytearray:
    """A WAV that knows its length, held once."""
    wav = bytearray(wav_header(sample_rate, 0))
    head_bytes = len(wav)
    async for block in blocks:
        wav += block
    wav[:head_bytes] = wav_header(sample_rate, len(wav) - head_bytes)
    return wav


def _clause_headers(made: ClauseSound) -> dict[str, str]:
    return {
        "Content-Type": f"audio/pcm;rate={made.sample_rate};encoding=signed-int;bits=16",
        clause_message.FINGERPRINT: made.fingerprint,
        clause_message.HOP_LENGTH: str(made.hop_length),
        clause_message.FRAMES: ",".join(map(str, made.frames)),
        "Cache-Control": "no-store",
        # Whatever nginx was told of other paths: this sound is waited for.
        "X-Accel-Buffering": "no",
    }


def _listener(name: str, ended: asyncio.Future[Event]) -> Callable[[Event | Snapshot], None]:
    """Hands the final event of one utterance over to the loop that waits for it."""
    loop = ended.get_loop()

    def settle(event: Event) -> None:
        if not ended.done():
            ended.set_result(event)

    def listen(item: Event | Snapshot) -> None:
        if isinstance(item, Event) and item.id == name and item.event_type in OUTCOMES:
            loop.call_soon_threadsafe(settle, item)

    return listen
