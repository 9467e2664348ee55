"""From a written value to the type, range and choices of its key."""

from __future__ import annotations

import math
import types
from typing import Any, get_args

import yaml

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
        return _switch(value)
    if hint in (int, float):
        return _number(value, hint, known)
    if hint is str:
        return _name(value, known)
    return _list(value)


def _convert_optional(value: Any, hint: Any, known: About, *, is_text: bool) -> Any:
    if value is None or (is_text and value == ""):
        return None
    inner = next(part for part in get_args(hint) if part is not types.NoneType)
    return convert(value, inner, known, is_text=is_text)


def _read(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{value!r} is not true or false")


def _number(value: Any, hint: type[int] | type[float], known: About) -> int | float:
    expected = describe(known) or "a number"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number ({expected})")
    if hint is int and value != int(value):
        raise ValueError(f"{value!r} is not a whole number ({expected})")
    below = known.minimum is not None and value < known.minimum
    above = known.maximum is not None and value > known.maximum
    if below or above:
        raise ValueError(f"{value!r} is out of range ({expected})")
    return hint(value)


def _name(value: Any, known: About) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text; put it in quotes")
    if known.choices and value not in known.choices:
        raise ValueError(f"{value!r} is none of {', '.join(known.choices)}")
    return value


def _list(value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"{value!r} is not a list of texts")
    return tuple(items)


def describe(known: About) -> str:
    """Unit, range and choices in a few words; empty when there are none."""
    parts = [known.unit] if known.unit else []
    if known.minimum is not None and known.maximum is not None:
        parts.append(f"{known.minimum:g} to {known.maximum:g}")
    if known.choices:
        parts.append(" or ".join(known.choices))
    return ", ".join(parts)
