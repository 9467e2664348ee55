"""Whether a request can be spoken as it was sent; every refusal names the field."""

from __future__ import annotations

import math
from dataclasses import replace

from tts_daemon.domain import MAX_NAME_CHARACTERS, Policy, Priority, SpeakRequest
from tts_daemon.errors import InvalidRequestError


def checked(request: SpeakRequest, max_characters: int) -> SpeakRequest:
    """Check everything but preset and style.

    Returns:
        The request; halves of surrogate pairs, which no file can hold, are replaced in its text.

    Raises:
        InvalidRequestError: It names the field and says what was expected.
    """
    _check_name("id", request.id)
    if request.key is not None:
        _check_name("key", request.key)
    if request.ttl_s is not None:
        checked_number("ttl_s", request.ttl_s, 0, math.inf)
    _check_member("priority", request.priority, Priority)
    _check_member("policy", request.policy, Policy)
    return replace(request, text=_checked_text(request.text, max_characters))


def checked_number(name: str, value: object, least: float, most: float) -> float:
    """A finite number within both limits. Raises InvalidRequestError that names the field."""
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    if not math.isfinite(number) or not least <= number <= most:
        limits = f"{least:g} to {most:g}" if math.isfinite(most) else f"{least:g} or more"
        raise InvalidRequestError(f"{name}: {value!r} is not a number from {limits}")
    return number


def _checked_text(text: object, max_characters: int) -> str:
    if not isinstance(text, str):
        raise InvalidRequestError(f"text: {type(text).__name__} is not text")
    if not text.strip():
        raise InvalidRequestError("text: is empty")
    if len(text) > max_characters:
        raise InvalidRequestError(
            f"text: {len(text)} characters are more than {max_characters} (text.max_characters)"
        )
    # A sender that cuts at 255 UTF-16 units leaves half an emoji at the end; the rest is speech.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _check_name(field: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise InvalidRequestError(f"{field}: {value!r} is not a name")
    if len(value) > MAX_NAME_CHARACTERS:
        raise InvalidRequestError(f"{field}: longer than {MAX_NAME_CHARACTERS} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(f"{field}: holds half of a surrogate pair") from None


def _check_member(field: str, value: object, known: type[Priority] | type[Policy]) -> None:
    if not isinstance(value, known):
        names = ", ".join(member.value for member in known)
        raise InvalidRequestError(f"{field}: {value!r} is none of {names}")
