"""A stretch of written text in one style, as the stages before the normaliser hand it on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tts_daemon.domain import Style
from tts_daemon.text.normalize import Pronunciation


@dataclass(frozen=True, slots=True)
class Passage:
    """Written text without markup.

    Attributes:
        text: What is to be read; empty for a pause at the end of an utterance.
        style: How it sounds.
        pause_before_s: Silence before it that the writer asked for, in seconds.
        pronunciations: Readings that the writer gave, by their offsets in `text`; in order.
        ends_paragraph: What follows is another paragraph.
    """

    text: str
    style: Style
    pause_before_s: float = 0.0
    pronunciations: tuple[Pronunciation, ...] = ()
    ends_paragraph: bool = False

    def cut(self, start: int, end: int) -> Passage:
        """The part from `start` to `end`; the pause stays with the first part."""
        inside = tuple(
            Pronunciation(item.start - start, item.end - start, item.syllables)
            for item in self.pronunciations
            if start <= item.start and item.end <= end
        )
        pause = self.pause_before_s if start == 0 else 0.0
        return replace(self, text=self.text[start:end], pause_before_s=pause, pronunciations=inside)
