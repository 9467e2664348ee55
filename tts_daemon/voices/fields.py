"""Keys of a JSON object, read one by one, with errors that name the key."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, TypeVar

from tts_daemon import checks
from tts_daemon.errors import VoiceError

Value = TypeVar("Value")


MOST = 65536
"""Largest size that any voice may name, where no smaller limit is known."""


class Fields:
    """One JSON object: ask for each key by its kind, then `finish` refuses all others."""

    def __init__(self, values: Any, place: str) -> None:
        """Take a parsed object; `place` is its file and the path of keys to it."""
        self._place = place
        if not isinstance(values, dict):
            raise VoiceError(f"{place}: must be an object")
        self._values = values
        self._asked: set[str] = set()

    def error(self, key: str, message: str) -> VoiceError:
        """An error about one key."""
        return VoiceError(f"{self._place}: {key} {message}")

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        self._asked.add(key)
        return self._values.get(key) is not None

    def anything(self, key: str) -> Any:
        """The value as it is."""
        self._asked.add(key)
        if key not in self._values:
            raise self.error(key, "is missing; convert or download the voice again")
        return self._values[key]

    def text(self, key: str) -> str:
        """A string."""
        return self._checked(key, checks.text)

    def flag(self, key: str) -> bool:
        """True or false."""
        return self._checked(key, checks.flag)

    def number(self, key: str, least: float | None = None, most: float | None = None) -> float:
        """A finite number."""
        return self._checked(key, lambda value: checks.number(value, least, most))

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of finite numbers."""
        return self._checked(key, checks.numbers)

    def integer(self, key: str, minimum: int | None = None, maximum: int = MOST) -> int:
        """A whole number; bounded, since memory is taken by it."""
        return self._checked(key, lambda value: checks.whole(value, minimum, maximum))

    def names(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        return self._checked(key, checks.texts)

    def _checked(self, key: str, check: Callable[[object], Value]) -> Value:
        try:
            return check(self.anything(key))
        except ValueError as error:
            raise self.error(key, str(error)) from None

    def section(self, key: str) -> Fields:
        """The object under a key."""
        return Fields(self.anything(key), f"{self._place}: {key}")

    def finish(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                nearest = difflib.get_close_matches(key, self._asked, n=1)
                hint = f"; did you mean {nearest[0]}?" if nearest else ""
                raise self.error(key, f"is not a key of this format{hint}")
