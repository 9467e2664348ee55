"""From named fields to a SpeakRequest: what can be checked without a voice and without a queue.

Every door makes its requests here, so a field means the same everywhere. What depends on presets,
voices and `text.max_characters` the player checks.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields as fields_of
from typing import Any, TypeVar

from tts_daemon import checks
from tts_daemon.domain import (
    MAX_NAME_CHARACTERS,
    MAX_TTL_S,
    STYLE_RANGES,
    Policy,
    Priority,
    SpeakRequest,
    Style,
)
from tts_daemon.errors import InvalidRequestError, NothingToSpeakError, TooLongError

STYLE_FIELDS = tuple(item.name for item in fields_of(Style))
"""What a request may override of its preset."""
FIELDS = ("text", "id", "preset", *STYLE_FIELDS, "priority", "policy", "key", "ttl_s")
"""What a message that asks for speech may hold."""

# Half a surrogate pair is left where a sender cut a text at a fixed length: the rest is speech.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_SPEAKABLE = "LNS"
"""Unicode categories: letters, numbers, symbols (℃, +, ¥, and emoji, which have names)."""

Value = TypeVar("Value")


def request_of(fields: Mapping[str, Any], source: str) -> SpeakRequest:
    """Build a request from named fields; null means left out.

    Raises:
        InvalidRequestError: Names the field and says what is expected.
    """
    given = _given(fields, FIELDS)
    return _request(clean_text(given.get("text", "")), given, source)


def stream_request_of(fields: Mapping[str, Any], source: str) -> SpeakRequest:
    """Build the request of a text that is still to be written. Raises as `request_of`."""
    return _request("", _given(fields, FIELDS[1:]), source)


def _given(fields: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None}
    for name in given:
        if name not in known:
            raise InvalidRequestError(f"{_fit(name)}: unknown field{nearest(name, known)}")
    return given


def _request(text: str, given: Mapping[str, Any], source: str) -> SpeakRequest:
    own: dict[str, Any] = {"id": name_of(given, "id")} if given.get("id") else {}
    return SpeakRequest(
        text=text,
        preset=name_of(given, "preset"),
        overrides={name: style_value(name, given[name]) for name in STYLE_FIELDS if name in given},
        priority=Priority(_choice(given, "priority", Priority.TEXT, Priority)),
        policy=Policy(_choice(given, "policy", Policy.QUEUE, Policy)),
        key=name_of(given, "key"),
        ttl_s=_ttl_s(given.get("ttl_s")),
        source=source,
        **own,
    )


def clean_text(text: object) -> str:
    """The text without control characters (line ends and tabs stay) and unpaired surrogates.

    Raises:
        InvalidRequestError: Not text.
        NothingToSpeakError: Nothing to speak.
    """
    cleaned = without_controls(field("text", checks.text, text)).strip()
    if not cleaned:
        raise NothingToSpeakError("text: is empty")
    if not is_speakable(cleaned):
        raise NothingToSpeakError("text: holds nothing to speak, only punctuation")
    return cleaned


def without_controls(text: str) -> str:
    """The text without control characters (line ends and tabs stay) and unpaired surrogates."""
    return _NO_TEXT.sub("", text)


def is_speakable(text: str) -> bool:
    """Whether anything in it can be spoken; punctuation alone cannot."""
    return any(unicodedata.category(character)[0] in _SPEAKABLE for character in text)


def check_length(text: str, max_characters: int) -> None:
    """Raise TooLongError for a text over the limit."""
    if len(text) > max_characters:
        raise TooLongError(
            f"text: {len(text)} characters; at most {max_characters} (text.max_characters)"
        )


def max_bytes(max_characters: int) -> int:
    """Size of the longest message that may hold a text of so many characters.

    A character takes at most 12 bytes, as a pair of JSON escapes; other fields are small.
    """
    return 12 * max_characters + 4096


def style_value(name: str, value: object) -> str | float:
    """Check one field of a style. Raises InvalidRequestError, which names it."""
    if name in STYLE_RANGES:
        return style_number(name, value)
    if name not in STYLE_FIELDS:
        raise InvalidRequestError(f"{_fit(name)}: unknown field{nearest(name, STYLE_FIELDS)}")
    return field(name, checks.text, value)


def style_number(name: str, value: object) -> float:
    """Check a number of a style. Raises InvalidRequestError, which names it."""
    known = STYLE_RANGES[name]
    limits = (known.least, known.most, known.unit)
    return field(name, lambda given: checks.number(given, *limits), value)


def name_of(fields: Mapping[str, Any], field_name: str) -> str | None:
    """A field that holds a name (id, key, preset); None where it is left out or empty.

    Raises:
        InvalidRequestError: Not text, too long, or with unprintable characters.
    """
    value = fields.get(field_name)
    if value is None or value == "":
        return None
    name = field(field_name, checks.text, value)
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidRequestError(f"{field_name}: longer than {MAX_NAME_CHARACTERS} characters")
    if not name.isprintable():
        raise InvalidRequestError(f"{field_name}: {name!a} holds unprintable characters")
    return name


def field(name: str, check: Callable[[object], Value], value: object) -> Value:
    """Check the value of a field. Raises InvalidRequestError, which names it."""
    try:
        return check(value)
    except ValueError as error:
        raise InvalidRequestError(f"{name}: {error}") from None


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was perhaps meant, or else all, as the end of a sentence."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(names)}"


def _choice(given: Mapping[str, Any], name: str, default: str, known: Iterable[str]) -> str:
    return field(name, lambda value: checks.choice(value, known), given.get(name, default))


def _ttl_s(value: object) -> float | None:
    if value is None:
        return None
    seconds = field("ttl_s", lambda given: checks.number(given, 0, MAX_TTL_S, "s"), value)
    if not seconds:
        raise InvalidRequestError("ttl_s: 0 is not a number of seconds above 0")
    return seconds


def _fit(name: object) -> str:
    """A name that a sender made up, as a message may show it."""
    text = str(name)
    return f"{text if text.isprintable() else ascii(text):.40}"
