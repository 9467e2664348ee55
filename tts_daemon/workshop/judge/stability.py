"""Random texts, to find words that run away, are skipped or come with clicks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tts_daemon.domain import Style
from tts_daemon.workshop.judge.measures import largest_step
from tts_daemon.workshop.judge.speaking import PackageSpeaker

SHORTEST_SYLLABLE_S, LONGEST_SYLLABLE_S = 0.05, 0.8
LONGEST_TEXT = 200
"""Characters."""


@dataclass(frozen=True, slots=True)
class Stability:
    """What was found in some texts.

    Attributes:
        texts, syllables: How many were spoken.
        skipped, runaway: Syllables shorter than 0.05 s, longer than 0.8 s.
        shortest_s, longest_s: Syllables.
        peak: Largest sample; from 1 on it would be clipped.
        border_step, usual_step: Largest jump between two samples at a border of chunks, and
            anywhere.
    """

    texts: int
    syllables: int
    skipped: int
    runaway: int
    shortest_s: float
    longest_s: float
    peak: float
    border_step: float
    usual_step: float


def random_texts(sentences: Sequence[str], count: int, seed: int = 0) -> list[str]:
    """`count` texts of 1 to 200 characters, cut and joined from sentences; one is `啊`."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    characters = [c for c in "".join(sentences) if "\u4e00" <= c <= "\u9fff"]
    texts = ["啊"]
    while len(texts) < count:
        length = chance.randint(1, LONGEST_TEXT) if chance.random() < 0.7 else chance.randint(1, 8)
        if chance.random() < 0.5:
            texts.append("".join(chance.choices(characters, k=length)))
            continue
        joined = "".join(chance.sample(list(sentences), min(len(sentences), 1 + length // 8)))
        texts.append(joined[:length])
    return texts


def examine(speaker: PackageSpeaker, texts: Sequence[str]) -> Stability:
    """Speak all texts and look for what should not be there."""
    lengths, peaks, borders, usual = [], [0.0], [0.0], [0.0]
    for text in texts:
        lengths.append(speaker.syllable_seconds(text))
        chunks = speaker.chunks(text, Style())
        waveform = np.concatenate([*chunks, np.zeros(1, np.float32)])
        places = np.cumsum([len(chunk) for chunk in chunks])[:-1]
        at_border, anywhere = largest_step(waveform, places[places > 0])
        peaks.append(float(np.abs(waveform).max()))
        borders.append(at_border)
        usual.append(anywhere)
    syllables = np.concatenate(lengths)
    return Stability(
        len(texts),
        len(syllables),
        int((syllables < SHORTEST_SYLLABLE_S).sum()),
        int((syllables > LONGEST_SYLLABLE_S).sum()),
        round(float(syllables.min()), 3),
        round(float(syllables.max()), 3),
        round(max(peaks), 3),
        round(max(borders), 4),
        round(max(usual), 4),
    )
