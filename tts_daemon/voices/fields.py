"""Keys of a JSON object, read one by one, with errors that name the key."""

from __future__ import annotations

import difflib
import math
from typing import Any

from tts_daemon.errors import VoiceError


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
        value = self.anything(key)
        if not isinstance(value, str):
            raise self.error(key, f"is {value!r}, must be text")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.anything(key)
        if not isinstance(value, bool):
            raise self.error(key, f"is {value!r}, must be true or false")
        return value

    def number(self, key: str) -> float:
        """A finite number."""
        value = self.anything(key)
        if not _is_number(value):
            raise self.error(key, f"is {value!r}, must be a finite number")
        return float(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of finite numbers."""
        value = self.anything(key)
        if not isinstance(value, list) or not all(map(_is_number, value)):
            raise self.error(key, "must be a list of finite numbers")
        return tuple(map(float, value))

    def integer(self, key: str, minimum: int | None = None) -> int:
        """A whole number."""
        value = self.anything(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(key, f"is {value!r}, must be a whole number")
        if minimum is not None and value < minimum:
            raise self.error(key, f"is {value}, must be at least {minimum}")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self.anything(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "must be a list of names")
        return tuple(value)

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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
