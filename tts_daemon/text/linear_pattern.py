"""Regular expressions that users write: matched in linear time, so that none can hold the daemon.

RE2, the one place that calls it. It has no look-around and no references to earlier groups inside
an expression: those are what may take for ever.
"""

from __future__ import annotations

import re

import re2

_REFERENCE = re.compile(r"\\(?:(\d)|g<(\w+)>)")
_MOST_BYTES = 1 << 20
"""Memory for one compiled expression."""


class LinearPattern:
    """One expression and what is put in the place of what it matches.

    Args:
        pattern: The expression.
        replacement: Text, in which `\\1` and `\\g<name>` stand for groups.

    Raises:
        ValueError: It is no expression that can be matched in linear time, or names no group of it.
    """

    def __init__(self, pattern: str, replacement: str) -> None:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MOST_BYTES
        try:
            self._compiled = re2.compile(pattern, options)
        except re2.error as error:
            reason = error.args[0]
            text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
            raise ValueError(f"{text} (matched by RE2, without look-around)") from None
        known = {str(number) for number in range(self._compiled.groups + 1)}
        known |= set(self._compiled.groupindex)
        self._parts: list[tuple[str, str]] = []
        position = 0
        for reference in _REFERENCE.finditer(replacement):
            group = reference[1] or reference[2]
            if group not in known:
                raise ValueError(f"there is no group {group}")
            self._parts.append((replacement[position : reference.start()], group))
            position = reference.end()
        self._rest = replacement[position:]

    @property
    def matches_nothing(self) -> bool:
        """Whether it matches where nothing stands: then it would match everywhere."""
        return self._compiled.search("") is not None

    def replace(self, text: str) -> str:
        """The text with every match replaced."""
        made: list[str] = []
        position = 0
        for match in self._compiled.finditer(text):
            made.append(text[position : match.start()])
            for before, group in self._parts:
                made += [before, match.group(int(group) if group.isdigit() else group) or ""]
            made.append(self._rest)
            position = match.end()
        return "".join([*made, text[position:]])
