"""Typed values out of what people and programs wrote: one check for each kind, whoever asks.

Each one raises ValueError, which says what was written and what is expected. The name of the field,
and whom to tell, only the caller knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

_SHOWN_CHARACTERS = 40


def shown(value: object) -> str:
    """A value as a message shows it: on one line, short, and without control characters."""
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return f"{value!r:.{_SHOWN_CHARACTERS}}"


def text(value: object) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not text")
    return value


def flag(value: object) -> bool:
    """True or false, and no number in their place."""
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is not true or false")
    return value


def mapping(value: object) -> dict[str, Any]:
    """An object of JSON: values by name."""
    if not isinstance(value, dict):
        raise ValueError(f"{shown(value)} is not an object")
    return value


def number(
    value: object, least: float | None = None, most: float | None = None, unit: str = ""
) -> float:
    """A finite number within both limits, themselves included; None is no limit."""
    expected = _expected(least, most, unit)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is not a number{expected}")
    try:
        amount = float(value)
    except OverflowError:
        raise ValueError(f"{shown(value)}... is out of range{expected}") from None
    if not math.isfinite(amount):
        raise ValueError(f"{shown(value)} is not a number{expected}")
    if (least is not None and amount < least) or (most is not None and amount > most):
        raise ValueError(f"{shown(value)} is out of range{expected}")
    return amount


def whole(
    value: object, least: float | None = None, most: float | None = None, unit: str = ""
) -> int:
    """A whole number within both limits."""
    amount = number(value, least, most, unit)
    if not amount.is_integer():
        raise ValueError(f"{shown(value)} is not a whole number{_expected(least, most, unit)}")
    return int(amount)


def choice(value: object, known: Iterable[str]) -> str:
    """One of the known names."""
    names = list(known)
    if not isinstance(value, str) or value not in names:
        raise ValueError(f"{shown(value)} is none of {', '.join(names)}")
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("is not a list of texts")
    return tuple(value)


def numbers(value: object) -> tuple[float, ...]:
    """A list of finite numbers."""
    if not isinstance(value, list):
        raise ValueError("is not a list of numbers")
    return tuple(number(item) for item in value)


def _expected(least: float | None, most: float | None, unit: str) -> str:
    """What is expected, in brackets; empty where nothing is known of it."""
    parts = [unit] if unit else []
    if least is not None and most is not None:
        parts.append(f"{least:g} to {most:g}")
    elif least is not None:
        parts.append(f"{least:g} or more")
    return f" ({', '.join(parts)})" if parts else ""
