"""Is every word understood? A speech recogniser listens, and its syllables are counted.

Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision" (Whisper).
Characters are compared as pinyin, since homophones sound alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_daemon.extras import importing
from tts_daemon.text.normalize import normalize

Floats = NDArray[np.float32]

_PROMPT = "以下是普通话的句子。"
_LEAD_IN_SAMPLES, _LEAD_OUT_SAMPLES = 1600, 4800
"""Silence around an utterance: the recogniser drops words that begin at once."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Edits from the wanted to the heard, added up over sentences.

    Attributes:
        syllables: Wanted.
        with_tone, without_tone: Wrong, missing or added ones.
    """

    syllables: int
    with_tone: int
    without_tone: int

    @classmethod
    def total(cls, parts: Iterable[Errors]) -> Errors:
        """The sum."""
        parts = list(parts)
        return cls(
            sum(p.syllables for p in parts),
            sum(p.with_tone for p in parts),
            sum(p.without_tone for p in parts),
        )

    def percent(self, tones: bool) -> float:
        """Error rate."""
        return 100.0 * (self.with_tone if tones else self.without_tone) / max(1, self.syllables)


class Listener:
    """Whisper base through CTranslate2."""

    def __init__(self, model: Path) -> None:
        """Load the recogniser from a directory.

        Raises:
            MissingExtraError: The extra `[judge]` is not installed.
        """
        with importing("judge", "judging a voice"):
            from faster_whisper import WhisperModel
            from pypinyin import Style, lazy_pinyin
        self._whisper: Any = WhisperModel(str(model), device="cpu", compute_type="int8")
        self._pinyin: Any = lazy_pinyin
        self._tones: Any = Style.TONE3

    def hear(self, waveform: Floats) -> str:
        """What was understood of a waveform at 16 kHz [N]."""
        padded = np.pad(waveform, (_LEAD_IN_SAMPLES, _LEAD_OUT_SAMPLES))
        segments, _ = self._whisper.transcribe(
            padded,
            language="zh",
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            initial_prompt=_PROMPT,
        )
        return "".join(segment.text for segment in segments)

    def errors(self, wanted: str, heard: str) -> Errors:
        """Compare two texts, syllable by syllable."""
        toned = [self._syllables(text) for text in (wanted, heard)]
        plain = [[s.rstrip("12345") for s in syllables] for syllables in toned]
        return Errors(len(toned[0]), edits(*toned), edits(*plain))

    def _syllables(self, text: str) -> list[str]:
        spoken = unicodedata.normalize("NFKC", normalize(text).text).replace("幺", "一")
        written = "".join(c for c in spoken if c.isalnum())
        found: list[str] = self._pinyin(
            written, style=self._tones, neutral_tone_with_five=True, errors=list
        )
        return [syllable.lower() for syllable in found]


def edits(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein distance: replaced, missing and added items."""
    costs = list(range(len(heard) + 1))
    for row, want in enumerate(wanted, 1):
        diagonal, costs[0] = costs[0], row
        for column, got in enumerate(heard, 1):
            diagonal, costs[column] = (
                costs[column],
                min(costs[column] + 1, costs[column - 1] + 1, diagonal + (want != got)),
            )
    return costs[-1]
