"""One client of the Wyoming door.

Source: the Wyoming protocol, and the order in which Home Assistant uses it: `synthesize-start`,
`synthesize-chunk` for every piece of text, then the whole text again as `synthesize` for servers
that know no streaming, then `synthesize-stop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, Eventable, async_read_event, async_write_event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tts_daemon import checks
from tts_daemon.domain import SpeakRequest
from tts_daemon.errors import InvalidRequestError, NothingToSpeakError, TooLongError, TtsError
from tts_daemon.inputs.rendering import Renderer
from tts_daemon.inputs.wyoming.bounded_reader import BoundedReader
from tts_daemon.ports import SoFar, SpeechService
from tts_daemon.requests import field, max_bytes, request_of
from tts_daemon.text.growing import GrowingText

log = logging.getLogger(__name__)

SOURCE = "wyoming"
SEND_S = 30.0
"""Time that a client has to take a piece of sound."""
_WIDTH_BYTES = 2
_SILENCE_S = 0.1
_SILENCE_HZ = 16000


class WyomingSession:
    """Reads events from one connection and answers them, until the client ends it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        renderer: Renderer,
        describe: Callable[[], Info],
        service: SpeechService,
        max_characters: int,
    ) -> None:
        self._reader = BoundedReader(reader, max_bytes(max_characters))
        self._writer = writer
        self._renderer = renderer
        self._describe = describe
        self._service = service
        self._max_characters = max_characters
        self._voice: SynthesizeVoice | None = None
        self._so_far = SoFar()
        self._growing: GrowingText | None = None
        """Text of the stream of text that is open; None where none is."""
        self._has_spoken = False

    @property
    def idle_since_s(self) -> float | None:
        """Since when the client's next event is waited for; None while one is dealt with."""
        return self._reader.idle_since_s

    async def run(self) -> None:
        """Serve the client. An error is told to it, and ends the connection: who waits for sound
        waits for its end, and none will come."""
        try:
            while event := await self._next():
                await self._obey(event)
        except TtsError as error:
            log.info("wyoming: refused a request: %s", error)
            self._service.count_refusal()
            await self._send(Error(text=str(error), code=error.code))

    async def _next(self) -> Event | None:
        """The next event; None at the end. Raises InvalidRequestError where what comes is none."""
        try:
            # The library reads from whatever has these two methods.
            event = await async_read_event(self._reader)  # type: ignore[arg-type]
        except (AttributeError, KeyError, TypeError, RecursionError):
            raise _no_event() from None
        if event is None and not self._reader.is_over:
            # The library keeps to itself what it could not read.
            raise _no_event()
        if event and not isinstance(event.data, dict):
            raise InvalidRequestError(f"data: {checks.shown(event.data)} is not an object")
        return event

    async def _obey(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self._send(await self._renderer.call(self._describe))
        elif Ping.is_type(event.type):
            await self._send(Pong(text=_echo(event.data.get("text"))))
        elif Synthesize.is_type(event.type):
            if self._growing is None:
                self._so_far = SoFar()
                if not await self._speak(_text(event), _voice(event)):
                    await self._send_silence()
        elif SynthesizeStart.is_type(event.type):
            self._voice, self._has_spoken = _voice(event), False
            self._growing, self._so_far = GrowingText(), SoFar()
        elif SynthesizeChunk.is_type(event.type):
            await self._take(_text(event))
        elif SynthesizeStop.is_type(event.type):
            await self._finish()

    async def _take(self, piece: str) -> None:
        if self._growing is None:
            raise InvalidRequestError("synthesize-chunk: comes before synthesize-start")
        whole = self._growing.add(piece)
        if self._growing.waiting > self._max_characters:
            most = self._max_characters
            raise TooLongError(f"text: no sentence ends within {most} characters")
        await self._speak(whole, self._voice)

    async def _finish(self) -> None:
        rest = self._growing.finish() if self._growing else ""
        self._growing = None
        if not await self._speak(rest, self._voice) and not self._has_spoken:
            await self._send_silence()
        await self._send(SynthesizeStopped())

    async def _speak(self, text: str, voice: SynthesizeVoice | None) -> bool:
        """Send the sound of a text while it is made; false where nothing in it is for ears."""
        try:
            async with (
                self._renderer.render(self._request(text, voice), self._so_far) as sound,
                contextlib.aclosing(sound.blocks()) as blocks,
            ):
                await self._send_sound(blocks, sound.sample_rate)
        except NothingToSpeakError:
            return False
        self._has_spoken = True
        return True

    async def _send_sound(self, blocks: AsyncGenerator[bytes], rate: int) -> None:
        form = {"rate": rate, "width": _WIDTH_BYTES, "channels": 1}
        await self._send(AudioStart(**form))
        async for block in blocks:
            await self._send(AudioChunk(audio=block, **form))
        await self._send(AudioStop())

    async def _send_silence(self) -> None:
        """A little of it: Home Assistant makes an error 500 of an answer without sound."""

        async def blocks() -> AsyncGenerator[bytes]:
            yield bytes(round(_SILENCE_S * _SILENCE_HZ) * _WIDTH_BYTES)

        await self._send_sound(blocks(), _SILENCE_HZ)

    def _request(self, text: str, voice: SynthesizeVoice | None) -> SpeakRequest:
        fields: dict[str, Any] = {"text": text}
        if voice is not None:
            fields |= {"voice": self._installed(voice.name), "emotion": voice.speaker}
        return request_of(fields, SOURCE)

    def _installed(self, name: object) -> object:
        """A voice that is not there gives way to the default one, so that something is heard.

        Old clients name a language here, and new ones keep the name of a voice that is gone.
        """
        if not isinstance(name, str) or name in self._service.snapshot().voices:
            return name
        log.info("wyoming: no voice is called %.40r; the preset's speaks", name)
        return None

    async def _send(self, answer: Eventable) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await async_write_event(answer.event(), self._writer)
        except TimeoutError:
            raise ConnectionResetError("the client takes no sound") from None


def _no_event() -> InvalidRequestError:
    return InvalidRequestError("event: what came is none of this protocol")


def _text(event: Event) -> str:
    return field("text", checks.text, event.data.get("text"))


def _echo(text: object) -> str | None:
    """The text of a ping, if it is one; halves of surrogate pairs, which cannot be sent, go."""
    return text.encode(errors="replace").decode() if isinstance(text, str) else None


def _voice(event: Event) -> SynthesizeVoice | None:
    """The voice that an event asks for; a language alone asks for none in particular."""
    voice = event.data.get("voice")
    if voice is None:
        return None
    if not isinstance(voice, dict):
        raise InvalidRequestError(f"voice: {checks.shown(voice)} is not an object")
    return SynthesizeVoice(name=voice.get("name"), speaker=voice.get("speaker"))
