"""The blocking speech service, for doors on an event loop: calls, and sound as it is made."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from tts_daemon.domain import AudioChunk, Clause, ClauseSound, SpeakRequest
from tts_daemon.errors import NothingToSpeakError, QueueFullError
from tts_daemon.inputs.syncing import Syncing
from tts_daemon.ports import SoFar, SpeechService
from tts_daemon.sound.pcm import to_pcm

RENDERS = 4
"""Texts that one door renders at one time; the player allows several times as many, so that a busy
door does not shut the others out."""
THREADS = 2 * RENDERS
"""Half for renders, half for their ends and for what else takes time."""

Result = TypeVar("Result")


class Sound:
    """The PCM of one utterance, as it is made: 16 bits, little-endian, one channel.

    Attributes:
        sample_rate: Samples per second.
    """

    def __init__(self, first: AudioChunk, more: Callable[[], asyncio.Future[AudioChunk | None]]):
        self.sample_rate = first.sample_rate
        self._first = first
        self._more = more

    async def blocks(self) -> AsyncGenerator[bytes]:
        """Yield the blocks. Raises as `SpeechService.render` does."""
        chunk: AudioChunk | None = self._first
        while chunk is not None:
            yield to_pcm(chunk.samples).astype("<i2").tobytes()
            chunk = await self._more()


class Renderer:
    """Calls the service from a loop, on a bounded number of threads."""

    def __init__(self, service: SpeechService, waiting: int) -> None:
        """Take the service, and how many texts may wait for their turn to be rendered."""
        self._service = service
        self._limit = waiting
        self._waiting = 0
        self._turns = asyncio.Semaphore(RENDERS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="render")
        # One, so that a stop has all that came before it, and waits for none that takes time.
        self._orders = ThreadPoolExecutor(1, thread_name_prefix="orders")
        self._syncing = Syncing(service.flush)

    def call(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        """Do blocking work in a thread."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    @asynccontextmanager
    async def make(self, clause: Clause) -> AsyncGenerator[tuple[ClauseSound, Sound]]:
        """Begin a clause that another daemon has read. Raises as `SpeechService.make`."""
        made: list[ClauseSound] = []

        def begin() -> Iterator[AudioChunk]:
            made.append(self._service.make(clause))
            return made[0].chunks

        async with self._begun(_Chunks(begin)) as sound:
            yield made[0], sound

    def order(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        """Do what is quick, and after all that was ordered before."""
        return asyncio.get_running_loop().run_in_executor(self._orders, work)

    async def submit(self, request: SpeakRequest) -> int:
        """As `SpeechService.submit`: it is on the disk when this returns."""
        position = await self.order(lambda: self._service.submit(request, lasting=False))
        await self._syncing.done()
        return position

    @asynccontextmanager
    async def render(
        self, request: SpeakRequest, so_far: SoFar | None = None
    ) -> AsyncGenerator[Sound]:
        """Begin a synthesis; leaving the context, however, ends it within one chunk.

        Args:
            request: What to speak.
            so_far: Where earlier stretches of the same text have left off.

        Raises:
            QueueFullError: Too many wait already.
            InvalidRequestError: It cannot be spoken as it was sent.
            NothingToSpeakError: Nothing of it is sound.
            NotReadyError: Starting or stopping.
        """
        async with self._begun(_Chunks(lambda: self._service.render(request, so_far))) as sound:
            yield sound

    @asynccontextmanager
    async def _begun(self, chunks: _Chunks) -> AsyncGenerator[Sound]:
        await self._take_turn()
        try:
            first = await self.call(chunks.next)
            if first is None:
                raise NothingToSpeakError("text: holds nothing to speak")
            yield Sound(first, lambda: self.call(chunks.next))
        finally:
            # Not awaited, because a task that is cancelled must go on ending.
            closing = self.call(chunks.close)
            closing.add_done_callback(lambda _: self._turns.release())

    async def _take_turn(self) -> None:
        if self._turns.locked() and self._waiting >= self._limit:
            raise QueueFullError(
                f"{self._waiting} texts wait for synthesis already; try again later"
            )
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Wait until every synthesis has ended."""
        self._syncing.close()
        self._orders.shutdown()
        self._threads.shutdown()


class _Chunks:
    """One synthesis; any thread may call, and `close` waits for the chunk that is being made."""

    def __init__(self, begin: Callable[[], Iterator[AudioChunk]]) -> None:
        self._begin = begin
        self._lock = threading.Lock()
        self._made: Generator[AudioChunk] | None = None
        self._closed = False

    def next(self) -> AudioChunk | None:
        """The next chunk; None after the last."""
        with self._lock:
            if self._closed:
                return None
            if self._made is None:
                self._made = cast("Generator[AudioChunk]", self._begin())
            return next(self._made, None)

    def close(self) -> None:
        """End the synthesis."""
        with self._lock:
            self._closed = True
            if self._made is not None:
                self._made.close()
