"""The Wyoming door: listens, bounds the number of its clients, and gives each a session."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from wyoming.error import Error
from wyoming.event import async_write_event
from wyoming.info import Info

from tts_daemon.errors import DoorShutError, QueueFullError
from tts_daemon.inputs.admission import longest_idle
from tts_daemon.inputs.event_loop import EventLoopThread
from tts_daemon.inputs.rendering import Renderer
from tts_daemon.inputs.wyoming.description import describe
from tts_daemon.inputs.wyoming.session import WyomingSession
from tts_daemon.ports import SpeechService
from tts_daemon.settings.schema import WyomingSettings
from tts_daemon.voices.store import VoiceStore

log = logging.getLogger(__name__)


class WyomingDoor:
    """Serves the Wyoming protocol over TCP."""

    def __init__(
        self,
        service: SpeechService,
        settings: WyomingSettings,
        voices: VoiceStore,
        *,
        max_characters: int,
    ) -> None:
        """Take what the sessions need; nothing is opened yet."""
        self._service = service
        self._settings = settings
        self._voices = voices
        self._max_characters = max_characters
        self._renderer = Renderer(service, settings.connections)
        self._loop = EventLoopThread("wyoming")
        self._server: asyncio.Server | None = None
        self._sessions: dict[WyomingSession, asyncio.StreamWriter] = {}
        self.port = settings.port

    def start(self) -> None:
        """Listen. `stop` must follow, also where this fails.

        Raises:
            DoorShutError: The address cannot be had now.
        """
        self._loop.start()
        place = f"{self._settings.host}:{self._settings.port}"
        try:
            self._loop.run(self._open())
        except OSError as error:
            raise DoorShutError(f"wyoming: cannot listen on {place}: {error.strerror}") from None
        log.info("wyoming: listening on %s:%d", self._settings.host, self.port)

    def stop(self) -> None:
        """Take no more requests, hang up on every client, and end every synthesis."""
        self._loop.run(self._close())
        self._loop.stop()
        self._renderer.close()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, self._settings.host, self._settings.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                if len(self._sessions) >= self._settings.connections and not self._evict():
                    await self._refuse(writer)
                else:
                    await self._converse(reader, writer)
        except asyncio.CancelledError:
            # The daemon ends. Passed on, asyncio of Python 3.11 would print a traceback of it.
            log.debug("wyoming: a session was cut off by the end")
        except Exception:
            log.exception("wyoming: a session failed")
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = WyomingSession(
            reader,
            writer,
            self._renderer,
            self._describe,
            self._service,
            self._max_characters,
        )
        self._sessions[session] = writer
        try:
            await session.run()
        finally:
            self._sessions.pop(session, None)

    def _evict(self) -> bool:
        """Hang up on the client that has said nothing for the longest; False: none gives way."""
        idle = longest_idle(self._sessions, lambda session: session.idle_since_s)
        if idle is None:
            return False
        log.info("wyoming: an idle client gives way to a new one (wyoming.connections)")
        self._sessions.pop(idle).close()
        return True

    async def _refuse(self, writer: asyncio.StreamWriter) -> None:
        error = QueueFullError(f"{len(self._sessions)} clients are connected (wyoming.connections)")
        log.warning("wyoming: refused a client: %s", error)
        self._service.count_refusal()
        await async_write_event(Error(text=str(error), code=error.code).event(), writer)

    def _describe(self) -> Info:
        return describe(self._voices, self._service.snapshot().voices)
