"""The HTTP door: listens, bounds the number and the patience of its clients, and ends in order."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from typing import cast

from aiohttp import web

from tts_daemon.errors import DoorShutError
from tts_daemon.inputs.admission import COMMAND_PLACES
from tts_daemon.inputs.event_loop import EventLoopThread
from tts_daemon.inputs.http.application import make_application
from tts_daemon.inputs.http.desk import Desk
from tts_daemon.inputs.http.idle_eviction import IDLE_EVICTION
from tts_daemon.inputs.rendering import Renderer
from tts_daemon.ports import SpeechService
from tts_daemon.settings.schema import HttpSettings
from tts_daemon.voices.store import VoiceStore

log = logging.getLogger(__name__)

KEEPALIVE_S = 30.0
GRACE_S = 0.5
"""Time that answers have to end when the door closes, and bodies that nobody reads."""
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 2\r\n"
    b"Content-Length: 0\r\n\r\n"
)


class HttpDoor:
    """Serves the API of docs/protocol.md."""

    def __init__(
        self,
        service: SpeechService,
        settings: HttpSettings,
        voices: VoiceStore,
        *,
        max_characters: int,
        desk: Desk | None = None,
    ) -> None:
        """Take what the routes need; nothing is opened yet.

        Args:
            service: What to speak through.
            settings: Section `http` of the configuration.
            voices: What is known of installed voices.
            max_characters: Longest text of one request.
            desk: What administrators may look at; None: nothing.
        """
        self._settings = settings
        self._renderer = Renderer(service, settings.waiting)
        self._application = make_application(
            service, self._renderer, voices, settings, max_characters, desk or Desk()
        )
        self._loop = EventLoopThread("http")
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
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
            raise DoorShutError(f"http: cannot listen on {place}: {error.strerror}") from None
        log.info("http: listening on %s:%d", self._settings.host, self.port)
        if not self._settings.token and not _is_local(self._settings.host):
            log.warning("http: everybody who reaches %s may speak; set http.token_file", place)

    def stop(self) -> None:
        """Take no more requests, and end every synthesis."""
        self._loop.run(self._close())
        self._loop.stop()
        self._renderer.close()

    async def _open(self) -> None:
        # What is no HTTP is no error of ours; the library would write a page for each.
        quiet = log.getChild("protocol")
        quiet.setLevel(logging.CRITICAL)
        self._runner = web.AppRunner(
            self._application,
            logger=quiet,
            handle_signals=False,
            access_log=None,
            keepalive_timeout=KEEPALIVE_S,
            shutdown_timeout=GRACE_S,
            lingering_time=GRACE_S,
            # A client that hangs up ends what is being made for it.
            handler_cancellation=True,
        )
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            self._admit, self._settings.host, self._settings.port
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._listener:
            self._listener.close()
        if self._runner:
            await self._runner.cleanup()

    def _admit(self) -> asyncio.Protocol:
        """A new connection, or a refusal where there are too many that are in use."""
        server = cast("web.AppRunner", self._runner).server
        if server is None:
            return _Refusal()
        eviction = self._application[IDLE_EVICTION]
        count, limit = len(server.connections), self._settings.connections
        is_spare = count >= limit and not eviction.evict()
        if is_spare and count >= limit + COMMAND_PLACES:
            return _Refusal()
        connection = server()
        eviction.take(connection, is_spare=is_spare)
        return connection


class _Refusal(asyncio.Protocol):
    """Says that there are too many clients, and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer before anything is asked."""
        stream = cast("asyncio.Transport", transport)
        stream.write(_FULL)
        stream.close()


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
