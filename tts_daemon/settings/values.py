"""From a written value to the type, range and choices of its key."""

from __future__ import annotations

import types
from typing import Any, get_args

import yaml

from tts_daemon import checks
from tts_daemon.settings.schema import About


def convert(value: Any, hint: Any, known: About, *, is_text: bool = False) -> Any:
    """Give a value the type of its key.

    Args:
        value: As written in a file or a variable.
        hint: Type of the key: bool, int, float, str, tuple[str, ...], or one of them or None.
        known: Range and choices of the key.
        is_text: The value is a variable's text; numbers and lists in it are still to be read.

    Raises:
        ValueError: Says what the value is and what is expected, without the key's name.
    """
    if isinstance(hint, types.UnionType):
        return _convert_optional(value, hint, known, is_text=is_text)
    if is_text and hint is not str:
        value = _read(value)
    if value is None:
        raise ValueError("is empty; leave the line out for the default, or put null in quotes")
    if hint is bool:
        return checks.flag(value)
    if hint is str:
        return _name(value, known)
    if hint in (int, float):
        check = checks.whole if hint is int else checks.number
        return check(value, known.minimum, known.maximum, known.unit)
    return checks.texts([value] if isinstance(value, str) else value)


def _convert_optional(value: Any, hint: Any, known: About, *, is_text: bool) -> Any:
    if value is None or (is_text and value == ""):
        return None
    inner = next(part for part in get_args(hint) if part is not types.NoneType)
    return convert(value, inner, known, is_text=is_text)


def _read(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        return text


def _name(value: Any, known: About) -> str:
    if known.choices:
        return checks.choice(value, known.choices)
    try:
        return checks.text(value)
    except ValueError as error:
        raise ValueError(f"{error}; put it in quotes") from None


def describe(known: About) -> str:
    """Unit, range and choices in a few words; empty when there are none."""
    parts = [known.unit] if known.unit else []
    if known.minimum is not None and known.maximum is not None:
        parts.append(f"{known.minimum:g} to {known.maximum:g}")
    if known.choices:
        parts.append(" or ".join(known.choices))
    return ", ".join(parts)
