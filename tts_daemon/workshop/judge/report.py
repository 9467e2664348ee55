"""All that the judges say of one voice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_daemon.domain import Style
from tts_daemon.extras import importing
from tts_daemon.workshop.judge.hearing import Errors, Listener
from tts_daemon.workshop.judge.measures import SAMPLE_RATE, pause_levels_db, prosody
from tts_daemon.workshop.judge.probes import latin_words, missed_percent, probe
from tts_daemon.workshop.judge.speaking import PackageSpeaker
from tts_daemon.workshop.judge.stability import examine, random_texts

Floats = NDArray[np.float32]
Report = Callable[[str], None]

EMOTION_SENTENCES = 8
"""Sentences that every emotion speaks."""


def listen(
    listener: Listener, speak: Callable[[str], Floats], sets: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Understanding and pleasantness of some sets of sentences, and the level of their pauses."""
    result: dict[str, Any] = {}
    for name, texts in sets.items():
        waveforms = [speak(text) for text in texts]
        pairs = [(t, listener.hear(w)) for t, w in zip(texts, waveforms, strict=True)]
        errors = Errors.total(listener.errors(text, heard) for text, heard in pairs)
        pauses = np.concatenate([pause_levels_db(waveform) for waveform in waveforms])
        result[name] = {
            "sentences": len(texts),
            "pinyin_error_percent": round(errors.percent(tones=False), 1),
            "pinyin_and_tone_error_percent": round(errors.percent(tones=True), 1),
            **({"english_missed_percent": missed_percent(pairs)} if _any_latin(texts) else {}),
            **pleasantness(waveforms),
            "pause_level_db": round(float(np.median(pauses)), 1) if len(pauses) else None,
        }
    return result


def _any_latin(texts: Sequence[str]) -> bool:
    return any(map(latin_words, texts))


def pleasantness(waveforms: Sequence[Floats]) -> dict[str, float]:
    """DNSMOS: mean opinion scores from 1 to 5, overall and P.808.

    Source: Reddy et al. 2022, "DNSMOS P.835".

    Raises:
        MissingExtraError: The extra `[judge]` is not installed.
    """
    with importing("judge", "judging a voice"):
        from speechmos import dnsmos
    scores = [dnsmos.run(np.clip(w, -1.0, 1.0), SAMPLE_RATE) for w in waveforms]
    return {
        "dnsmos_overall": round(float(np.mean([s["ovrl_mos"] for s in scores])), 2),
        "dnsmos_p808": round(float(np.mean([s["p808_mos"] for s in scores])), 2),
    }


def emotions(speaker: PackageSpeaker, texts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Pitch, its range, rate and level of every emotion, on the same sentences."""
    table = {}
    for emotion in speaker.emotions:
        measured = [prosody(speaker.speak(text, Style(emotion=emotion))) for text in texts]
        syllables = sum(len(speaker.syllable_seconds(text)) for text in texts)
        table[emotion] = {
            "f0_mean_hz": round(float(np.mean([m.f0_mean_hz for m in measured]))),
            "f0_deviation_hz": round(float(np.mean([m.f0_deviation_hz for m in measured]))),
            "syllables_per_second": round(syllables / sum(m.seconds for m in measured), 2),
            "level_db": round(float(np.mean([m.level_db for m in measured])), 1),
        }
    return table


def judge(
    speaker: PackageSpeaker,
    listener: Listener,
    sets: Mapping[str, Sequence[str]],
    random_count: int,
    say: Report,
) -> dict[str, Any]:
    """Everything at once.

    Args:
        sets: Names of sets of sentences, and the sentences.
        random_count: How many random texts are spoken to look for slips.
        say: Takes a line of progress.
    """
    sentences = [text for texts in sets.values() for text in texts]
    say(f"listening to {len(sentences)} sentences")
    heard = listen(listener, speaker.speak, sets)
    say("measuring emotions")
    table = emotions(speaker, sentences[:EMOTION_SENTENCES])
    say("probing tones, questions, pauses, pitch, intensity")
    probed = probe(speaker, sentences[:EMOTION_SENTENCES])
    say(f"speaking {random_count} random texts")
    found = asdict(examine(speaker, random_texts(sentences, random_count)))
    return {"heard": heard, "emotions": table, "probes": probed, "random_texts": found}
