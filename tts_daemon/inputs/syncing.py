"""Waits for the disk on behalf of an event loop, which goes on meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable

Waiting = asyncio.Future[None]


class Syncing:
    """Owns the thread that waits; those who come while the disk is busy share its next answer.

    The thread is left behind at the end: a slow memory card must not keep the daemon.

    Args:
        flush: Writes through to the disk what was accepted so far.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._line: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="syncing", daemon=True)

    async def done(self) -> None:
        """Return when the disk has what was accepted before. Raises what `flush` raises."""
        if not self._thread.is_alive():
            self._thread.start()
        waiting: Waiting = asyncio.get_running_loop().create_future()
        self._line.put(waiting)
        await waiting

    def close(self) -> None:
        """Wait for nothing more."""
        self._line.put(None)

    def _run(self) -> None:
        is_over = False
        while not is_over:
            came = [self._line.get()]
            while not self._line.empty():
                came.append(self._line.get())
            is_over = None in came
            if waiting := [future for future in came if future is not None]:
                self._answer(waiting)

    def _answer(self, waiting: list[Waiting]) -> None:
        error: Exception | None = None
        try:
            self._flush()
        except Exception as caught:
            error = caught
        for future in waiting:
            # The loop is closed where the daemon has ended meanwhile.
            with contextlib.suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(_settle, future, error)


def _settle(future: Waiting, error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
