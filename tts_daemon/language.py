"""What people are told, in their language: a table of sentences, looked up where they are shown.

Errors and findings are English wherever they travel (logs, events, replies to programs); whoever
shows them to a person asks here. `messages.zh.tsv` holds a sentence and its translation a line,
with `{}` for what is put in: it is found again by what stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

LANGUAGES = ("zh", "en")
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""In gettext's order."""
_HOLE = re.compile(r"\{(\d*)\}")
# A field, a file or a command before what is wrong with it.
_PREFIX = re.compile(r"(\S+): (.+)", re.DOTALL)


def language_of(variables: Mapping[str, str]) -> str:
    """The language of a process's environment: `zh`, or `en` for all others."""
    wanted = next((variables[name] for name in _VARIABLES if variables.get(name)), "")
    return "zh" if wanted.lower().startswith("zh") else "en"


def translated(text: str, language: str) -> str:
    """A text for people, line by line; what the table does not know stays as it is."""
    if language != "zh" or not text:
        return text
    return "\n".join(_line(line) for line in text.split("\n"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line of the table.

    Attributes:
        pattern: Matches the English sentence; a group for each hole.
        weight: Letters that are given; of two that match, the heavier one says more.
        translation: With `{}` or `{0}` for what stood in the holes.
    """

    pattern: re.Pattern[str]
    weight: int
    translation: str

    @classmethod
    def of(cls, english: str, translation: str) -> Sentence:
        """Read a line of the table."""
        parts = _HOLE.split(english)[::2]
        pattern = "(.*?)".join(map(re.escape, parts))
        return cls(re.compile(pattern, re.DOTALL), sum(map(len, parts)), translation)

    def fill(self, values: tuple[str, ...]) -> str:
        """The translation, with what stood in the holes."""
        inner = iter(range(len(values)))

        def value(hole: re.Match[str]) -> str:
            found = values[int(hole[1]) if hole[1] else next(inner)]
            bare = found.strip(" ")
            # Single words are names of the user's.
            shown = _line(bare) if " " in bare else bare
            return found if shown == bare else shown

        return _HOLE.sub(value, self.translation)


def table() -> dict[str, str]:
    """English sentence -> translation."""
    text = resources.files("tts_daemon").joinpath("messages.zh.tsv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("\t", 1) for line in lines)


@cache
def _sentences() -> tuple[dict[str, str], tuple[Sentence, ...]]:
    known = table()
    whole = {english: words for english, words in known.items() if not _HOLE.search(english)}
    holed = [Sentence.of(english, known[english]) for english in known if english not in whole]
    return whole, tuple(sorted(holed, key=lambda sentence: -sentence.weight))


def _line(line: str) -> str:
    body = line.strip(" ")
    whole, holed = _sentences()
    if body in whole:
        return line.replace(body, whole[body])
    for sentence in holed:
        found = sentence.pattern.fullmatch(body)
        # A hole at the beginning may not swallow the name of a field: that is split off below.
        if found and not (found.start(1) == 0 and ": " in found[1]):
            return line.replace(body, sentence.fill(found.groups()))
    if found := _PREFIX.fullmatch(body):
        rest = _line(found[2])
        return f"{found[1]}：{rest}" if rest != found[2] else line
    return line
