"""Bodies of requests, bounded in time, and what is written in them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError

from tts_daemon import checks
from tts_daemon.domain import STYLE_RANGES
from tts_daemon.errors import InvalidRequestError
from tts_daemon.inputs import messages
from tts_daemon.inputs.http.idle_eviction import IDLE_EVICTION
from tts_daemon.requests import field, max_bytes

SOURCE = "http"
NUMBERS = (*STYLE_RANGES, "ttl_s")
_LOOK_S = 0.5
"""How often one looks whether a text that is being written is still wanted."""
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a client may send.

    Attributes:
        max_characters: Longest text.
        timeout_s: Time for the body of a request, or for taking a piece of sound.
    """

    max_characters: int
    timeout_s: float

    @property
    def max_bytes(self) -> int:
        """Largest body."""
        return max_bytes(self.max_characters)


async def fields_of(request: web.Request, limits: BodyLimits) -> dict[str, Any]:
    """The body as a JSON object, or as plain text in the field `text`.

    Raises:
        InvalidRequestError: Neither.
        TimeoutError: It did not come in time.
    """
    body = (await _body(request, limits)).lstrip()
    if body.startswith(b"{") or request.content_type == "application/json":
        return messages.read_object(body)
    return {"text": messages.decode(body)}


async def text_of(request: web.Request, limits: BodyLimits) -> str:
    """The body as plain text. Raises as `fields_of`."""
    return messages.decode(await _body(request, limits))


def fields_of_query(request: web.Request) -> dict[str, Any]:
    """The fields of a request whose body is the text itself; `stream` is none of them."""
    fields: dict[str, Any] = {}
    for name, value in request.query.items():
        fields[name] = value
        if name in NUMBERS:
            with contextlib.suppress(ValueError):
                fields[name] = float(value)
    fields.pop("stream", None)
    return fields


async def pieces_of(request: web.Request) -> AsyncGenerator[bytes]:
    """The body as it comes; empty now and then while nothing does."""
    request.app[IDLE_EVICTION].heard(request)
    while not request.content.at_eof():
        piece = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                piece = await request.content.readany()
        if not piece and (request.transport is None or request.transport.is_closing()):
            raise ConnectionResetError("the client is gone")
        yield piece


async def _body(request: web.Request, limits: BodyLimits) -> bytes:
    async with asyncio.timeout(limits.timeout_s):
        try:
            body = await request.read()
        except RequestPayloadError:
            what = request.headers.get("Content-Encoding", "what its head says")
            raise InvalidRequestError(f"message: its body is not {what:.40}") from None
    request.app[IDLE_EVICTION].heard(request)
    return body


def flag(name: str, value: object, default: bool) -> bool:
    """A switch out of JSON or out of a query. Raises InvalidRequestError."""
    if value is None:
        return default
    known = _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value
    return field(name, checks.flag, known)
