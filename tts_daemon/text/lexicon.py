"""The user's lexicon: YAML files of words and how to read them, read again when they change.

单县: shan4 xian4          # pinyin, one syllable a character
GPT: 吉皮提                # other words to say
/(\\d+)匹空调/: \\1 匹的空调   # a regular expression between slashes, and what to put there
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tts_daemon.errors import TextError
from tts_daemon.text import tables
from tts_daemon.text.normalize import Pronunciation
from tts_daemon.text.reading import Syllable

if TYPE_CHECKING:
    from tts_daemon.text.linear_pattern import LinearPattern

Warn = Callable[[str], None]

# Written in C, where PyYAML has it: 50,000 words take a second instead of ten, during which nobody
# else may read, and it bounds how deep a file may be nested.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SYLLABLE = re.compile(r"[a-zü]+[1-5]", re.IGNORECASE)
_LIKE_SYLLABLE = re.compile("[a-z:]+[0-9]")
_LONGEST_KEY = 100
_MOST_TOLD = 20
"""Wrong entries of one file that are told one by one."""
_MOST_GROWTH = 20


@dataclass(slots=True)
class _Entries:
    """What a file says, sorted by kind."""

    readings: dict[str, str] = field(default_factory=dict)
    replacements: dict[str, str] = field(default_factory=dict)
    patterns: list[LinearPattern] = field(default_factory=list)


class Lexicon:
    """Entries of the files as they were when `refresh` last looked; a missing file has none."""

    def __init__(self, *paths: Path) -> None:
        """`paths`: the files, those that win last; they need not exist yet."""
        self._paths = paths
        self._stamps: list[tuple[int, int] | None] = [None] * len(paths)
        self._entries = _Entries()

    @property
    def readings(self) -> dict[str, str]:
        """Word -> syllables."""
        return self._entries.readings

    def refresh(self, warn: Warn) -> bool:
        """Read the files again if one changed; returns whether they were.

        A wrong entry is left out with a warning that names its line, and so is a line that is no
        YAML. A file that cannot be read leaves the entries as they were.
        """
        stamps = [_stamp(path) for path in self._paths]
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        entries = _Entries()
        for path in (path for path, stamp in zip(self._paths, stamps, strict=True) if stamp):
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                warn(f"{path}: {' '.join(str(error).split())}; the lexicon stays as it was")
                return False
            told = _Told(warn)
            _parse(entries, text, str(path), told.add)
            if told.left:
                warn(f"{path}: {told.left} more entries are wrong and left out")
        self._entries = entries
        return True

    def rewrite(
        self, text: str, pronunciations: Sequence[Pronunciation]
    ) -> tuple[str, tuple[Pronunciation, ...]]:
        """Put the user's words in the place of the written ones, outside of given readings."""
        entries = self._entries
        if not entries.replacements and not entries.patterns:
            return text, tuple(pronunciations)
        parts: list[str] = []
        moved: list[Pronunciation] = []
        position = length = 0
        for item in pronunciations:
            parts += [self._replace(text[position : item.start]), text[item.start : item.end]]
            length += len(parts[-2]) + len(parts[-1])
            moved.append(Pronunciation(length - len(parts[-1]), length, item.syllables))
            position = item.end
        return "".join([*parts, self._replace(text[position:])]), tuple(moved)

    def _replace(self, text: str) -> str:
        most = _MOST_GROWTH * len(text) + _LONGEST_KEY
        for pattern in self._entries.patterns:
            text = _bounded(text, pattern.replace(text), most)
        for word, spoken in self._entries.replacements.items():
            text = _bounded(text, text.replace(word, spoken), most)
        return text


class _Told:
    """Passes warnings on, as many as somebody may read; a wrong file has one for each line.

    Attributes:
        left: Those that were not passed on.
    """

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self._count = 0

    @property
    def left(self) -> int:
        return max(0, self._count - _MOST_TOLD)

    def add(self, warning: str) -> None:
        self._count += 1
        if self._count <= _MOST_TOLD:
            self._warn(warning)


def _bounded(before: str, after: str, most: int) -> str:
    """The new text, unless entries that feed each other have made it grow without end."""
    return after if len(after) <= max(most, len(before)) else before


def check_entry(word: str, reading: str) -> None:
    """Raise TextError, which says what is wrong with an entry."""
    if problem := _add(_Entries(), word, reading):
        raise TextError(f"{word!r}: {problem}")


def entries_of(text: str) -> dict[str, str]:
    """Word -> reading as written, of every line that is an entry by itself."""
    return {key: value for _, key, value in _pairs(text, "", lambda problem: None)}


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file does; None while there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _parse(entries: _Entries, text: str, name: str, warn: Warn) -> None:
    """Add what a file says; a word that was there already is read in the new way."""
    for line, key, value in _pairs(text, name, warn):
        problem = _add(entries, key, value)
        if problem:
            warn(f"{name}, line {line}: {key!r}: {problem}; the entry is left out")


def _pairs(text: str, name: str, warn: Warn) -> Iterator[tuple[int, str, str]]:
    """Line, key and value of every entry; where the whole is no YAML, of every line that is."""
    try:
        yield from _pairs_of(yaml.compose(text, Loader=_LOADER), 1, name, warn)
        return
    except yaml.YAMLError:
        pass  # One wrong line must not silence the others: each is tried alone.
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            root = yaml.compose(line, Loader=_LOADER)
        except yaml.YAMLError as error:
            problem = getattr(error, "problem", None) or "unreadable"
            warn(f"{name}, line {number}: no YAML ({problem}); the entry is left out")
            continue
        yield from _pairs_of(root, number, name, warn)


def _pairs_of(
    root: yaml.Node | None, first: int, name: str, warn: Warn
) -> Iterator[tuple[int, str, str]]:
    """The entries of one node that begins on line `first`."""
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        warn(f"{name}, line {first + root.start_mark.line}: not a list of `word: reading`")
        return
    for key, value in root.value:
        line = first + key.start_mark.line
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode):
            yield line, str(key.value).strip(), str(value.value).strip()
        else:
            warn(f"{name}, line {line}: not of the form `word: reading`; the entry is left out")


def _add(entries: _Entries, key: str, value: str) -> str:
    """Sort in one entry; returns what is wrong with it, empty for nothing."""
    if not key or not value or len(key) > _LONGEST_KEY:
        return "a word and a reading are needed, of at most 100 characters"
    if len(key) > 2 and key[0] == key[-1] == "/":
        return _add_pattern(entries, key[1:-1], value)
    syllables = value.lower().replace("ü", "v").split()
    # As many of them as characters: meant as a reading, whatever stands in it.
    meant = len(syllables) == len(key) and all(_LIKE_SYLLABLE.fullmatch(item) for item in syllables)
    if not meant and not all(_SYLLABLE.fullmatch(item) for item in syllables):
        entries.replacements[key] = value
        entries.readings.pop(key, None)
        return ""
    unknown = [
        item for item in syllables if not _SYLLABLE.fullmatch(item) or not _is_syllable(item)
    ]
    if unknown:
        return f"{unknown[0]!r} is no Chinese syllable"
    if not key.isascii() and len(syllables) != len(key):
        return f"{len(key)} characters but {len(syllables)} syllables"
    entries.readings[key] = " ".join(syllables)
    entries.replacements.pop(key, None)
    return ""


def _add_pattern(entries: _Entries, pattern: str, spoken: str) -> str:
    # Loaded only by those who write such entries.
    from tts_daemon.text.linear_pattern import LinearPattern

    try:
        compiled = LinearPattern(pattern, spoken)
    except ValueError as error:
        return f"not a regular expression: {error}"
    if compiled.matches_nothing:
        return "the expression matches nothing at all"
    entries.patterns.append(compiled)
    return ""


def _is_syllable(written: str) -> bool:
    return Syllable.parse("", written).base in tables.characters().bases
