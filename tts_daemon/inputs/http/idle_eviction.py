"""Connections that have not said what they want: they have little time, and give way to others."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.web_protocol import RequestHandler


class IdleEviction:
    """Keeps clients that open connections and say nothing from shutting others out."""

    def __init__(self, patience_s: float) -> None:
        """`patience_s`: time for the head of a connection's first request, in seconds."""
        self._patience_s = patience_s
        # The oldest first.
        self._silent: dict[RequestHandler, asyncio.TimerHandle] = {}
        # Those that asyncio accepted, but has not given their transport yet.
        self._arriving: set[RequestHandler] = set()

    def take(self, connection: RequestHandler) -> None:
        """A new connection."""
        loop = asyncio.get_running_loop()
        self._silent[connection] = loop.call_later(self._patience_s, self._lose, connection)
        self._arriving.add(connection)
        # The transport comes in the next round of the loop: it is there in the one after.
        loop.call_soon(loop.call_soon, self._arriving.discard, connection)

    def head_came(self, request: web.BaseRequest) -> None:
        """The head of a request is here; whoever reads the body sets it a time of its own."""
        if request.protocol in self._silent:
            self._silent[request.protocol].cancel()
        if not request.body_exists:
            self.heard(request)

    def heard(self, request: web.BaseRequest) -> None:
        """A whole request is here: the connection stays."""
        timer = self._silent.pop(request.protocol, None)
        if timer:
            timer.cancel()

    def evict(self) -> bool:
        """Hang up on the connection that is silent the longest; False where all have spoken."""
        while self._silent:
            connection = next(iter(self._silent))
            # Without a transport it has hung up itself already, and its place is free.
            had_place = connection.transport is not None or connection in self._arriving
            self._lose(connection)
            if had_place:
                return True
        return False

    def _lose(self, connection: RequestHandler) -> None:
        self._silent.pop(connection).cancel()
        if connection in self._arriving:
            asyncio.get_running_loop().call_soon(connection.force_close)
        else:
            connection.force_close()


IDLE_EVICTION = web.AppKey("idle_eviction", IdleEviction)
