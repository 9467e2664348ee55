"""Collects text, styles, pauses and pronunciations into passages, for both kinds of markup."""

from __future__ import annotations

import re
from collections.abc import Callable

from tts_daemon.domain import Style
from tts_daemon.text.normalize import Pronunciation
from tts_daemon.text.passage import Passage

LONGEST_PAUSE_S = 10.0
_DURATION = re.compile(r"\+?([0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})\s?(ms|s|毫秒|秒|)")
_SYLLABLE = re.compile(r"(?:[a-zü]|u:){1,6}[1-5]")


def parse_duration_s(value: str) -> float | None:
    """`500ms`, `1.5s`, `500` (milliseconds) -> seconds, at most `LONGEST_PAUSE_S`; else None."""
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        return None
    seconds = float(match[1]) * (1.0 if match[2] in ("s", "秒") else 0.001)
    return min(seconds, LONGEST_PAUSE_S)


def parse_syllables(value: str) -> tuple[str, ...] | None:
    """`chong2 qing4` -> its syllables, u-umlaut as v; None for what is not pinyin with tones."""
    syllables = re.findall(r"[^\d\s]+\d", value.lower())
    if not syllables or re.sub(r"[\s,']", "", value.lower()) != "".join(syllables):
        return None
    if not all(_SYLLABLE.fullmatch(syllable) for syllable in syllables):
        return None
    return tuple(syllable.replace("u:", "v").replace("ü", "v") for syllable in syllables)


class PassageBuilder:
    """Takes text and changes of style in order of reading.

    Attributes:
        style: The style of the text that comes next.
    """

    def __init__(self, style: Style) -> None:
        """Begin in `style`."""
        self.style = style
        self._passages: list[Passage] = []
        self._text = ""
        self._text_style = style
        self._pronunciations: list[Pronunciation] = []
        self._pause_s = 0.0
        self._open: tuple[int, tuple[str, ...], Callable[[str], None]] | None = None

    @property
    def has_passages(self) -> bool:
        """Whether anything to be heard came before."""
        return bool(self._passages)

    def text(self, text: str) -> None:
        """Add text in the current style."""
        if not text:
            return
        if self._text and self.style != self._text_style:
            self._flush()
        self._text_style = self.style
        self._text += text

    def pause(self, seconds: float) -> None:
        """Add silence."""
        self._flush()
        self._pause_s = min(self._pause_s + seconds, LONGEST_PAUSE_S)

    def end_sentence(self) -> None:
        """What comes next is a new sentence, whatever the punctuation says."""
        self._flush()

    def begin_pronunciation(self, syllables: tuple[str, ...], warn: Callable[[str], None]) -> None:
        """The text up to `end_pronunciation` is read as `syllables`."""
        self.end_pronunciation()
        if self.style != self._text_style:
            self._flush()
        self._open = (len(self._text), syllables, warn)

    def end_pronunciation(self) -> None:
        """End what `begin_pronunciation` began, if anything."""
        if self._open is None:
            return
        (start, syllables, warn), self._open = self._open, None
        written = self._text[start:]
        if len(written) != len(syllables):
            warn(
                f"{' '.join(syllables)} has not one syllable for each character of {written!r}; "
                "left out"
            )
            return
        self._pronunciations.append(Pronunciation(start, len(self._text), syllables))

    def passages(self) -> list[Passage]:
        """Everything that was added; a pause at the end is a passage without text."""
        self._flush()
        if self._pause_s:
            self._passages.append(Passage("", self.style, self._pause_s))
            self._pause_s = 0.0
        return self._passages

    def _flush(self) -> None:
        self.end_pronunciation()
        if self._text.strip():
            self._passages.append(
                Passage(self._text, self._text_style, self._pause_s, tuple(self._pronunciations))
            )
            self._pause_s = 0.0
        self._text, self._pronunciations = "", []
