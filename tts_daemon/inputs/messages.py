"""A message, plain or JSON, becomes a SpeakRequest; events and states become messages.

Every door reads and writes by these functions, so a field means the same everywhere.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from tts_daemon.domain import MAX_NAME_CHARACTERS, Event, Policy, Priority, SpeakRequest
from tts_daemon.errors import InvalidRequestError, TtsError
from tts_daemon.ports import Snapshot
from tts_daemon.settings.presets import STYLE_FIELDS, style_value

MAX_CHARACTERS = 10000
FIELDS = ("text", "id", "preset", *STYLE_FIELDS, "priority", "policy", "key", "ttl_s")
"""What a message that asks for speech may hold."""

# Half a surrogate pair is left where a sender cut a text at a fixed length: the rest is speech.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_SPEAKABLE = "LNS"
"""Unicode categories: letters, numbers, symbols (℃, +, ¥, and emoji, which have names)."""

Choice = TypeVar("Choice", bound=StrEnum)


def parse(
    payload: bytes, source: str, *, preset: str | None = None, max_characters: int = MAX_CHARACTERS
) -> SpeakRequest:
    """Read a message that is JSON when it begins with `{`, plain UTF-8 text otherwise.

    Args:
        payload: The message as it came.
        source: The door that it came in by.
        preset: Preset of a request that names none.
        max_characters: Longest text that is accepted.

    Raises:
        InvalidRequestError: Names the field and says what is expected.
    """
    is_json = payload.startswith(b"{")
    fields = read_object(payload) if is_json else {"text": _decode(payload)}
    return from_fields(fields, source, preset=preset, max_characters=max_characters)


def read_object(payload: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises InvalidRequestError, which says where it stops being one."""
    try:
        value = json.loads(_decode(payload), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidRequestError("not a JSON object")
    return value


def from_fields(
    fields: Mapping[str, Any],
    source: str,
    *,
    preset: str | None = None,
    max_characters: int = MAX_CHARACTERS,
) -> SpeakRequest:
    """Build a request from named fields; null means left out. Arguments and errors as `parse`."""
    given = {name: value for name, value in fields.items() if value is not None}
    for name in given:
        if name not in FIELDS:
            close = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(FIELDS)}"
            shown = name if name.isprintable() else ascii(name)
            raise InvalidRequestError(f"{shown:.40}: unknown field; {hint}")
    chosen: dict[str, Any] = {"id": name_of(given, "id")} if name_of(given, "id") else {}
    return SpeakRequest(
        text=clean_text(given.get("text", ""), max_characters),
        preset=name_of(given, "preset") or preset,
        overrides={name: style_value(name, given[name]) for name in STYLE_FIELDS if name in given},
        priority=_choice(given, "priority", Priority.TEXT),
        policy=_choice(given, "policy", Policy.QUEUE),
        key=name_of(given, "key"),
        ttl_s=_ttl(given),
        source=source,
        **chosen,
    )


def clean_text(text: Any, max_characters: int = MAX_CHARACTERS) -> str:
    """The text without control characters (line ends and tabs stay) and unpaired surrogates.

    Raises:
        InvalidRequestError: Not text, too long, or nothing to speak.
    """
    if not isinstance(text, str):
        raise InvalidRequestError(f"text: {text!r:.40} is not text")
    cleaned = _NO_TEXT.sub("", text).strip()
    if not cleaned:
        raise InvalidRequestError("text: is empty")
    if len(cleaned) > max_characters:
        raise InvalidRequestError(
            f"text: {len(cleaned)} characters; at most {max_characters} (text.max_characters)"
        )
    if not any(unicodedata.category(character)[0] in _SPEAKABLE for character in cleaned):
        raise InvalidRequestError("text: holds nothing to speak, only punctuation")
    return cleaned


def name_of(fields: Mapping[str, Any], field: str) -> str | None:
    """A field that holds a name (id, key, preset); None where it is left out or empty.

    Raises:
        InvalidRequestError: Not text, too long, or with unprintable characters.
    """
    value = fields.get(field)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidRequestError(f"{field}: {value!r:.40} is not text")
    if len(value) > MAX_NAME_CHARACTERS:
        raise InvalidRequestError(f"{field}: longer than {MAX_NAME_CHARACTERS} characters")
    if not value.isprintable():
        raise InvalidRequestError(f"{field}: {value!a} holds unprintable characters")
    return value


def _choice(fields: Mapping[str, Any], field: str, default: Choice) -> Choice:
    value = fields.get(field, default)
    try:
        return type(default)(value)
    except ValueError:
        known = ", ".join(type(default))
        raise InvalidRequestError(f"{field}: {value!r:.40} is none of {known}") from None


def _ttl(fields: Mapping[str, Any]) -> float | None:
    value = fields.get("ttl_s")
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value <= 0:
        raise InvalidRequestError(f"ttl_s: {value!r:.40} is not a number of seconds above 0")
    return float(value)


def _decode(payload: bytes) -> str:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"text: not UTF-8 at byte {error.start + 1}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def error_message(error: TtsError) -> dict[str, Any]:
    """What a sender is told: `error` is the short name, `message` is for people."""
    return {"ok": False, "error": error.code, "message": str(error)}


def event_message(event: Event) -> dict[str, Any]:
    """An event with the fields that apply to it."""
    given = {name: value for name, value in asdict(event).items() if value not in (None, "")}
    return {"event_type": str(event.event_type), "id": event.id, **given}


def to_json(value: object) -> bytes:
    """JSON with Chinese as it is; half of a surrogate pair, which is no text, as its escape."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def snapshot_message(snapshot: Snapshot) -> dict[str, Any]:
    """The player at one moment, by the field names of `Snapshot`."""
    return asdict(snapshot)
