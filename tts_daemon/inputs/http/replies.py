"""What a client is told: JSON, and for each error its status."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from aiohttp import web

from tts_daemon.errors import (
    AudioUnavailableError,
    InvalidRequestError,
    JournalError,
    NotReadyError,
    QueueFullError,
    StorageError,
    TextError,
    TooLongError,
    TtsError,
    UnknownVoiceError,
)
from tts_daemon.inputs.messages import error_message, to_json
from tts_daemon.language import language_of, translated

log = logging.getLogger(__name__)

RETRY_S = 2
"""When a client that was turned away may come again."""
OPENAI = "/v1/"


_STATUS: tuple[tuple[type[TtsError], int], ...] = (
    (TooLongError, 413),
    (InvalidRequestError, 400),
    (TextError, 400),
    (UnknownVoiceError, 400),
    (QueueFullError, 429),
    (NotReadyError, 503),
    (AudioUnavailableError, 503),
    (JournalError, 503),
    (StorageError, 503),
)


def reply(message: object, status: int = 200) -> web.Response:
    """JSON with Chinese as it is."""
    return web.Response(body=to_json(message), status=status, content_type="application/json")


def failure(request: web.BaseRequest, error: TtsError) -> web.Response:
    """An error as the caller's kind of client expects it."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return refusal(request, status, error.code, str(error))


def refusal(request: web.BaseRequest, status: int, code: str, message: str) -> web.Response:
    """Status, short name and an explanation, in Chinese for those who ask for it."""
    response = reply(_body(request, status, code, message), status)
    if status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_S)
    return response


def _body(request: web.BaseRequest, status: int, code: str, message: str) -> dict[str, Any]:
    wanted = request.headers.get("Accept-Language", "")
    told = translated(message, language_of({"LANG": wanted}))
    if not request.path.startswith(OPENAI):
        error = TtsError(told)
        return error_message(error) | {"error": code}
    field, colon, _ = message.partition(":")
    kind = "server_error" if status >= 500 else "invalid_request_error"
    known = {"message": told, "type": kind, "code": code}
    return {"error": {**known, "param": field if colon and field.isidentifier() else None}}


async def send_pieces(
    request: web.Request,
    pieces: AsyncGenerator[bytes],
    headers: Mapping[str, str],
    timeout_s: float,
) -> web.StreamResponse:
    """An answer that is sent while it is made.

    Args:
        request: Who asks.
        pieces: The body.
        headers: Of the answer.
        timeout_s: Time for the client to take a piece: one that takes nothing must not keep others
            from being served.
    """
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    try:
        async for piece in pieces:
            async with asyncio.timeout(timeout_s):
                await response.write(piece)
        await response.write_eof()
    except BaseException as error:
        # The head is sent, so that only a broken connection can still tell of a failure.
        if request.transport is not None:
            request.transport.abort()
        if isinstance(error, TtsError):
            log.warning("http: an answer failed after its first byte: %s", error)
        if isinstance(error, Exception):
            raise ConnectionResetError(f"cut off: {error}") from error
        raise
    return response
