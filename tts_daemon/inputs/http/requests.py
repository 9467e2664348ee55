"""Bodies of requests, bounded in time, as SpeakRequests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tts_daemon.domain import SpeakRequest
from tts_daemon.errors import InvalidRequestError
from tts_daemon.inputs import messages
from tts_daemon.inputs.http.places import PLACES
from tts_daemon.inputs.http.replies import TooLongError

SOURCE = "http"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may send.

    Attributes:
        max_characters: Longest text.
        timeout_s: Time for the body of a request, or for taking a piece of sound.
    """

    max_characters: int
    timeout_s: float

    @property
    def max_bytes(self) -> int:
        """Largest body: a character takes at most 12 bytes, as a pair of JSON escapes."""
        return 12 * self.max_characters + 4096


async def fields_of(request: web.Request, limits: Limits) -> dict[str, Any]:
    """The body as a JSON object, or as plain text in the field `text`.

    Raises:
        InvalidRequestError: Neither.
        TimeoutError: It did not come in time.
    """
    body = (await _body(request, limits)).lstrip()
    if body.startswith(b"{") or request.content_type == "application/json":
        return messages.read_object(body)
    return {"text": _decode(body)}


async def text_of(request: web.Request, limits: Limits) -> str:
    """The body as plain text. Raises as `fields_of`."""
    return _decode(await _body(request, limits))


async def _body(request: web.Request, limits: Limits) -> bytes:
    async with asyncio.timeout(limits.timeout_s):
        body = await request.read()
    request.app[PLACES].heard(request)
    return body


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"text: not UTF-8 at byte {error.start + 1}") from None


def speak_request(fields: dict[str, Any], limits: Limits) -> SpeakRequest:
    """Build a request. Raises TooLongError, InvalidRequestError."""
    check_length("text", fields.get("text"), limits)
    return messages.from_fields(fields, SOURCE, max_characters=limits.max_characters)


def check_length(field: str, text: object, limits: Limits) -> None:
    """Raise TooLongError for a text over the limit."""
    most = limits.max_characters
    if isinstance(text, str) and len(text) > most:
        raise TooLongError(f"{field}: {len(text)} characters; at most {most} (text.max_characters)")


def flag(name: str, value: object, default: bool) -> bool:
    """A switch out of JSON or out of a query. Raises InvalidRequestError."""
    if value is None:
        return default
    known = _BOOLEANS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(known, bool):
        raise InvalidRequestError(f"{name}: {value!r:.40} is not true or false")
    return known
