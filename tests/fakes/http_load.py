"""Many clients of the HTTP door at one time, and what each of them was told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

PATIENCE_S = 120.0
TOO_MUCH = b"Content-Length: 90000000\r\n\r\n" + b"x" * 300000
PER_TURN = 5


@dataclass
class Load:
    """Clients that ask for speech, one request after another.

    Attributes:
        address: Where the door is.
        clients: How many ask at one time.
        text: What they ask for.
        statuses: How often each status was told.
        answers: For each client, how many texts it was spoken.
        bytes_of: Sizes of answers, how often each.
    """

    address: str
    clients: int
    text: str
    statuses: Counter[int] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    bytes_of: Counter[int] = field(default_factory=Counter)

    async def run(self, enough: Callable[[], bool]) -> None:
        """Ask until `enough`; requests under way are finished."""
        limits = aiohttp.ClientTimeout(total=PATIENCE_S)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=limits, connector=connector) as session:
            clients = (self._ask_on(session, number, enough) for number in range(self.clients))
            await asyncio.gather(*clients)

    async def _ask_on(
        self, session: aiohttp.ClientSession, number: int, enough: Callable[[], bool]
    ) -> None:
        while not enough():
            async with session.post(f"{self.address}/api/tts", data=self.text.encode()) as answer:
                body = await answer.read()
            self.statuses[answer.status] += 1
            if answer.status == 200:
                self.answers[number] += 1
                self.bytes_of[len(body)] += 1


class Disturber:
    """Clients that do harm: they say nothing, say too much, or hang up in the middle."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.turns = 0

    async def run(self, enough: Callable[[], bool]) -> None:
        """Disturb until `enough`."""
        head = b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\n"
        text = "很长的话。".encode() * 50
        speak = head + f"Content-Length: {len(text)}\r\n\r\n".encode() + text
        held = []
        while not enough():
            held.append(await self._send(b"POST /api/tts HTTP/1.1\r\nHost: loc"))
            held.append(
                await self._send(head + b"Content-Length: 90000000\r\n\r\n" + b"x" * 300000)
            )
            reader, writer = await self._send(speak)
            await reader.read(1000)
            writer.close()
            self.turns += 1
        for _, writer in held:
            writer.close()

    async def _send(self, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(sent)
        return reader, writer


def memory_mb(pid: int, name: str = "VmRSS") -> float:
    """Memory of a process: `VmRSS` now, `VmHWM` at its peak."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(name)
