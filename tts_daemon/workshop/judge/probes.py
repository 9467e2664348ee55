"""Short texts that show what whole sentences hide, and what is measured on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np

from tts_daemon.domain import Style
from tts_daemon.workshop.judge.buzz import lines_db, lock
from tts_daemon.workshop.judge.formants import third_formant_hz
from tts_daemon.workshop.judge.manners import MannerFigures, differences, largest_step, manner
from tts_daemon.workshop.judge.measures import Floats, pitch
from tts_daemon.workshop.judge.melody import (
    end_semitones,
    nearest_tone,
    semitones,
    spread_semitones,
    tone_curve,
    tone_distance,
)
from tts_daemon.workshop.judge.silences import clause_levels_db, mark_silences_s
from tts_daemon.workshop.judge.speaking import PackageSpeaker

Speak = Callable[[str, Style], Floats]

LONE = {"ma": "妈麻马骂", "yi": "衣姨椅意", "ba": "八拔靶爸", "tang": "汤糖躺烫"}
"""Characters in the order of their tones."""
ASKED = ("你去", "他来了", "今天下雨", "你喜欢猫", "他是老师", "你还没吃饭", "门开着", "明天开会")
"""Statements that become questions by their mark alone, in all tones."""
PARTICLES = ("你去吗", "他来了吗", "今天下雨吧", "你的手机呢")
LISTS = ("苹果，香蕉，橘子。", "好，我知道了，马上来。", "开门，关门，开灯，关灯。")
ERHUA = (("花", "花儿"), ("玩", "玩儿"), ("歌", "歌儿"), ("那", "那儿"))
PITCHES, ENERGIES = (-12, -6, 6, 12), (-2, -1, 1, 2)
INTENSITIES = (0.0, 0.5, 1.0, 1.5, 2.0)
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9.\-]*")


def probe(speaker: PackageSpeaker, sentences: Sequence[str]) -> dict[str, Any]:
    """Everything but what needs a recogniser.

    Args:
        speaker: The voice.
        sentences: Some ordinary ones; a few are enough.
    """
    plain = [speaker.speak(text) for text in sentences]
    return {
        "buzz": buzz(plain),
        "tones": tones(speaker.speak, _middle(plain)),
        "questions": questions(speaker.speak),
        "commas": commas(speaker.speak, [*sentences, *LISTS]),
        "pitch": pitches(speaker.speak, sentences),
        "energy": energies(speaker.speak, sentences),
        "emotions_differ": differences(_manners(speaker, sentences)),
        "intensity": intensities(speaker, sentences),
        "clause_levels_db": clause_spread(plain),
        "erhua_third_formant_hz": erhua(speaker.speak),
    }


def buzz(waveforms: Sequence[Floats]) -> dict[str, float]:
    """Lines at the rate of the frames, and the share of a repeating pattern."""
    everything = np.concatenate(waveforms)
    return {"lines_db": round(lines_db(everything), 2), "lock": round(lock(everything), 3)}


def tones(speak: Speak, middle: float) -> dict[str, float]:
    """Sixteen lone syllables: how many are nearest to their own tone, and how near.

    Args:
        speak: The voice.
        middle: Of its melody in sentences, semitones above 100 Hz.
    """
    right, distances = [], []
    for tone, characters in product((1, 2, 3, 4), LONE.values()):
        curve = tone_curve(speak(characters[tone - 1], Style()), middle)
        right.append(nearest_tone(curve) == tone)
        distances.append(tone_distance(curve, tone))
    return {
        "right_percent": round(100 * float(np.mean(right))),
        "distance_semitones": round(float(np.mean(distances)), 1),
    }


def questions(speak: Speak) -> dict[str, float]:
    """How far questions end above the same words as a statement, in semitones."""
    unmarked = [_rise(speak, text) for text in ASKED]
    particle = [_rise(speak, text) for text in PARTICLES]
    return {
        "unmarked_least": round(min(unmarked), 1),
        "unmarked_mean": round(float(np.mean(unmarked)), 1),
        "particle_mean": round(float(np.mean(particle)), 1),
    }


def commas(speak: Speak, texts: Iterable[str]) -> dict[str, float]:
    """Silences at all commas inside some sentences."""
    found: list[float] = []
    for text in texts:
        marks = text.rstrip("。？！").count("，")
        found += mark_silences_s(speak(text, Style()), marks)
    if not found:
        return {"count": 0}
    return {
        "count": len(found),
        "least_s": round(min(found), 3),
        "median_s": round(float(np.median(found)), 3),
        "below_0.15_s": sum(silence < 0.15 for silence in found),
    }


def pitches(speak: Speak, sentences: Sequence[str]) -> dict[str, dict[str, float]]:
    """What a shift of pitch does: what is reached, to the spread of the melody, to the pace."""
    usual = [speak(text, Style()) for text in sentences]
    return {
        f"{shift:+d}": _compared(usual, [speak(text, Style(pitch=shift)) for text in sentences])
        for shift in PITCHES
    }


def energies(speak: Speak, sentences: Sequence[str]) -> dict[str, dict[str, float]]:
    """What vocal effort does to the same."""
    usual = [speak(text, Style()) for text in sentences]
    return {
        f"{effort:+d}": _compared(usual, [speak(text, Style(energy=effort)) for text in sentences])
        for effort in ENERGIES
    }


def intensities(speaker: PackageSpeaker, sentences: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each emotion, the largest step of f0, level and pace: 0.25 is even, 1 is a switch."""
    _, *others = speaker.emotions
    table = {}
    for emotion in others:
        steps = [
            _manner(speaker, sentences, Style(emotion=emotion, intensity=intensity))
            for intensity in INTENSITIES
        ]
        table[emotion] = {
            name: round(largest_step([getattr(step, name) for step in steps]), 2)
            for name in ("f0_hz", "level", "pace")
        }
    return table


def clause_spread(waveforms: Iterable[Floats]) -> float:
    """Mean difference between the loudest and the softest clause of an utterance."""
    levels = [clause_levels_db(waveform) for waveform in waveforms]
    spreads = [max(each) - min(each) for each in levels if len(each) > 1]
    return round(float(np.mean(spreads)), 1) if spreads else 0.0


def erhua(speak: Speak) -> dict[str, float]:
    """Mean third formant at the end of words without and with their r."""
    columns = zip(*ERHUA, strict=True)
    names = ("plain", "with_r")
    return {
        name: round(float(np.nanmean([third_formant_hz(speak(w, Style())) for w in words])))
        for name, words in zip(names, columns, strict=True)
    }


def latin_words(text: str) -> list[str]:
    """English words and names of a text, as they are compared: `Wi-Fi` is `wifi`."""
    return [re.sub(r"[^a-z0-9]", "", word.lower()) for word in _LATIN.findall(text)]


def missed_percent(pairs: Iterable[tuple[str, str]]) -> float:
    """English words that were not understood, of those wanted.

    Args:
        pairs: What was wanted and what was heard.
    """
    wanted = missed = 0
    for text, heard in pairs:
        written = "".join(latin_words(heard))
        words = latin_words(text)
        wanted += len(words)
        missed += sum(word not in written for word in words)
    return round(100 * missed / max(1, wanted), 1)


def _rise(speak: Speak, text: str) -> float:
    asked, said = (end_semitones(speak(text + mark, Style())) for mark in "？。")
    return asked - said


def _middle(waveforms: Iterable[Floats]) -> float:
    return float(np.median(np.concatenate([semitones(waveform) for waveform in waveforms])))


def _compared(usual: Sequence[Floats], changed: Sequence[Floats]) -> dict[str, float]:
    before, after = (
        np.concatenate([_wide_semitones(waveform) for waveform in waveforms])
        for waveforms in (usual, changed)
    )
    lengths = [sum(map(len, waveforms)) for waveforms in (usual, changed)]
    return {
        "semitones": round(float(np.median(after) - np.median(before)), 2),
        "spread_percent": round(100 * (spread_semitones(after) / spread_semitones(before) - 1)),
        "pace_percent": round(100 * (lengths[0] / lengths[1] - 1), 1),
    }


def _wide_semitones(waveform: Floats) -> Floats:
    """Of all voiced frames, over two octaves more than usual."""
    f0 = pitch(waveform, 50.0, 1000.0)
    return np.asarray(12 * np.log2(f0[f0 > 0] / 100), dtype=np.float32)


def _manners(speaker: PackageSpeaker, sentences: Sequence[str]) -> dict[str, MannerFigures]:
    return {
        emotion: _manner(speaker, sentences, Style(emotion=emotion)) for emotion in speaker.emotions
    }


def _manner(speaker: PackageSpeaker, sentences: Sequence[str], style: Style) -> MannerFigures:
    syllables = sum(len(speaker.syllable_seconds(text)) for text in sentences)
    return manner([speaker.speak(text, style) for text in sentences], syllables)
