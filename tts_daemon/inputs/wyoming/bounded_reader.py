"""A stream reader that takes no more, and waits no longer, than an honest client needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

IDLE_S = 600.0
"""Time between two events of one client."""
BODY_S = 30.0
"""Time for the rest of an event once its head is there."""


class BoundedReader:
    """The two methods by which the library reads. Both raise ValueError, which ends a client.

    Attributes:
        idle_since_s: Since when the next event is waited for, on the monotonic clock; None while
            one is dealt with.
        is_over: Nothing more comes, or not in time: nobody waits for an answer.
    """

    def __init__(self, reader: asyncio.StreamReader, max_bytes: int) -> None:
        self._reader = reader
        self._max_bytes = max_bytes
        self.idle_since_s: float | None = None
        self.is_over = False

    async def readline(self) -> bytes:
        """The head of an event; bounded by the reader's own limit."""
        self.idle_since_s = time.monotonic()
        line = await self._in_time(self._reader.readline(), IDLE_S)
        self.idle_since_s = None
        self.is_over = not line
        return line

    async def readexactly(self, count: int) -> bytes:
        """The rest of an event."""
        if not isinstance(count, int) or not 0 <= count <= self._max_bytes:
            raise ValueError(f"{count!r:.40} bytes; at most {self._max_bytes}")
        return await self._in_time(self._reader.readexactly(count), BODY_S)

    async def _in_time(self, reading: Coroutine[Any, Any, bytes], seconds: float) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await reading
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            self.is_over = True
            raise ValueError("the event did not come whole") from error
