"""A message, plain or JSON, becomes a SpeakRequest; events and states become messages.

Every door reads and writes by these functions, so a field means the same everywhere.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import asdict, replace
from typing import Any, NoReturn

from tts_daemon import checks
from tts_daemon.domain import Event, EventType, SpeakRequest
from tts_daemon.errors import InvalidRequestError, TtsError
from tts_daemon.ports import Command, Snapshot
from tts_daemon.requests import field, request_of


def parse(payload: bytes, source: str) -> SpeakRequest:
    """Read a message that is JSON when it begins with `{`, plain UTF-8 text otherwise.

    Args:
        payload: The message as it came.
        source: The door that it came in by.

    Raises:
        InvalidRequestError: Names the field and says what is expected.
    """
    is_json = payload.startswith(b"{")
    return request_of(read_object(payload) if is_json else {"text": decode(payload)}, source)


def read_object(payload: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises InvalidRequestError, which says where it stops being one."""
    try:
        value = json.loads(decode(payload), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidRequestError("not a JSON object")
    return value


def decode(payload: bytes) -> str:
    """Plain text. Raises InvalidRequestError, which says where it stops being UTF-8."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"text: not UTF-8 at byte {error.start + 1}") from None


class TextDecoder:
    """Plain text out of bytes that come in pieces, which may be cut inside of a character."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._taken = 0
        self._wrong_at = 0

    def decode(self, data: bytes, *, is_last: bool = False) -> str:
        """The next characters.

        Raises:
            InvalidRequestError: It stops being UTF-8 here, or did in the piece before; says where.
        """
        kept = len(self._decoder.getstate()[0])
        text = ""
        try:
            text = self._decoder.decode(data, is_last)
        except UnicodeDecodeError as error:
            self._wrong_at = self._wrong_at or self._taken - kept + error.start + 1
            text = error.object[: error.start].decode()
        self._taken += len(data)
        if self._wrong_at and not text:
            raise InvalidRequestError(f"text: not UTF-8 at byte {self._wrong_at}")
        return text


def command_of(word: object) -> Command:
    """The command of that name. Raises InvalidRequestError, which names all that are known."""
    return Command(field("command", lambda given: checks.choice(given, Command), word))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def error_message(error: TtsError) -> dict[str, Any]:
    """What a sender is told: `error` is the short name, `message` is for people."""
    return {"ok": False, "error": error.code, "message": str(error)}


def refusal_event(error: TtsError, request_id: str, source: str) -> Event:
    """What is told where an event is the only answer: the same shape as a failure later on."""
    return Event(EventType.FAILED, request_id, reason=error.code, message=str(error), source=source)


def event_message(event: Event, *, shows_text: bool = False) -> dict[str, Any]:
    """An event with the fields that apply to it; what was said only where that is asked for."""
    if not shows_text:
        event = replace(event, text="")
    given = {name: value for name, value in asdict(event).items() if value not in (None, "", ())}
    return {"event_type": str(event.event_type), "id": event.id, **given}


def to_json(value: object) -> bytes:
    """JSON with Chinese as it is; half of a surrogate pair, which is no text, as its escape."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def snapshot_message(snapshot: Snapshot) -> dict[str, Any]:
    """The player at one moment, by the field names of `Snapshot`."""
    return asdict(snapshot)
