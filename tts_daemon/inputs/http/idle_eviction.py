"""Connections that say nothing, before a request or after: they give way to those that do."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from tts_daemon.inputs.admission import GIVES_WAY_AFTER_S

COMMANDS = ("/api/command", "/api/status", "/healthz", "/readyz", "/metrics")
"""What a connection in a place for commands may ask for."""


class IdleEviction:
    """Keeps clients that hold connections and say nothing from shutting others out."""

    def __init__(self, patience_s: float) -> None:
        """`patience_s`: time for the head of a connection's first request, in seconds."""
        self._patience_s = patience_s
        # The oldest first.
        self._silent: dict[RequestHandler, asyncio.TimerHandle] = {}
        # Those whose answer is on its way; they are silent in a moment, if they stay.
        self._answered: dict[RequestHandler, asyncio.TimerHandle] = {}
        # Those that asyncio accepted, but has not given their transport yet.
        self._arriving: set[RequestHandler] = set()
        # Those in a place that is kept for commands.
        self._spare: set[RequestHandler] = set()

    def take(self, connection: RequestHandler, *, is_spare: bool = False) -> None:
        """A new connection; `is_spare`: in a place that is kept for commands."""
        gone = {known for known in self._spare if not self._has_place(known)}
        self._spare -= gone
        if is_spare:
            self._spare.add(connection)
        loop = asyncio.get_running_loop()
        self._silent[connection] = loop.call_later(self._patience_s, self._lose, connection)
        self._arriving.add(connection)
        # The transport comes in the next round of the loop: it is there in the one after.
        loop.call_soon(loop.call_soon, self._arriving.discard, connection)

    def may_ask(self, request: web.BaseRequest) -> bool:
        """Whether a connection may have what it asks for in its place."""
        return request.protocol not in self._spare or request.path in COMMANDS

    def head_came(self, request: web.BaseRequest) -> None:
        """The head of a request is here; whoever reads the body sets it a time of its own."""
        connection = request.protocol
        if connection in self._silent:
            self._silent[connection].cancel()
        if connection in self._answered:
            self._answered.pop(connection).cancel()
        if not request.body_exists:
            self.heard(request)

    def heard(self, request: web.BaseRequest) -> None:
        """A whole request is here: the connection stays."""
        timer = self._silent.pop(request.protocol, None)
        if timer:
            timer.cancel()

    def answered(self, request: web.BaseRequest) -> None:
        """The answer is being sent; after that the connection may be kept for the next request."""
        loop = asyncio.get_running_loop()
        connection = request.protocol
        self._answered[connection] = loop.call_later(GIVES_WAY_AFTER_S, self._rest, connection)

    def _rest(self, connection: RequestHandler) -> None:
        del self._answered[connection]
        if connection.transport is not None:
            loop = asyncio.get_running_loop()
            self._silent[connection] = loop.call_later(self._patience_s, self._lose, connection)

    def evict(self) -> bool:
        """Hang up on the connection that is silent the longest; False where all have spoken."""
        while self._silent:
            connection = next(iter(self._silent))
            had_place = self._has_place(connection)
            self._lose(connection)
            if had_place:
                return True
        return False

    def _has_place(self, connection: RequestHandler) -> bool:
        """Without a transport it has hung up itself already, and its place is free."""
        return connection.transport is not None or connection in self._arriving

    def _lose(self, connection: RequestHandler) -> None:
        self._silent.pop(connection).cancel()
        if connection in self._arriving:
            asyncio.get_running_loop().call_soon(connection.force_close)
        else:
            connection.force_close()


IDLE_EVICTION = web.AppKey("idle_eviction", IdleEviction)
