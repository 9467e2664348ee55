"""Melody: how an utterance ends, and how near a lone syllable is to its tone.

Source: Chao 1930, "A system of tone letters": five levels, here three semitones apart, which is
about the octave that a voice uses.
"""

from __future__ import annotations

import numpy as np

from tts_daemon.workshop.judge.measures import Floats, levels_db, pitch

CITATION_LEVELS = {1: (5, 5, 5), 2: (3, 4, 5), 3: (2, 1, 4), 4: (5, 3, 1)}
"""The tones of lone syllables: 55, 35, 214, 51."""
_SEMITONES_PER_LEVEL = 3.0
_MIDDLE_LEVEL = 3
_POINTS = 9
_LOWEST_HZ, _HIGHEST_HZ = 75.0, 800.0
_AUDIBLE_DB = 25.0
"""Frames further below the loudest are not heard as pitch any more."""
_END_FRAMES = 5


def semitones(waveform: Floats) -> Floats:
    """Pitch of the audible voiced frames in order, semitones above 100 Hz [T]."""
    f0, levels = pitch(waveform, _LOWEST_HZ, _HIGHEST_HZ), levels_db(waveform)
    count = min(len(f0), len(levels))
    if not count:
        return np.zeros(0, np.float32)
    audible = levels[:count] > np.percentile(levels, 95) - _AUDIBLE_DB
    voiced = f0[:count][audible & (f0[:count] > 0)]
    return np.asarray(12 * np.log2(voiced / 100), dtype=np.float32)


def end_semitones(waveform: Floats) -> float:
    """Pitch at the end of an utterance, semitones above 100 Hz; NaN where nothing is voiced."""
    line = semitones(waveform)[-_END_FRAMES:]
    return float(np.median(line)) if len(line) else float("nan")


def spread_semitones(line: Floats) -> float:
    """Half the width of the middle 68 % of a melody; octave errors do not move it."""
    low, high = np.percentile(line, [16, 84])
    return float(high - low) / 2


def tone_curve(waveform: Floats, middle: float) -> Floats:
    """Nine points of a syllable's melody, semitones from `middle`; NaN where nothing is voiced."""
    line = semitones(waveform)
    if not len(line):
        return np.full(_POINTS, np.nan, np.float32)
    places = np.linspace(0, len(line) - 1, _POINTS)
    return np.asarray(np.interp(places, np.arange(len(line)), line) - middle, dtype=np.float32)


def citation_curve(tone: int) -> Floats:
    """Nine points of a tone as it is taught, semitones from the middle of the voice."""
    levels = np.array(CITATION_LEVELS[tone], np.float32) - _MIDDLE_LEVEL
    places = np.linspace(0, len(levels) - 1, _POINTS)
    line = np.interp(places, np.arange(len(levels)), levels) * _SEMITONES_PER_LEVEL
    return np.asarray(line, dtype=np.float32)


def tone_distance(curve: Floats, tone: int) -> float:
    """Root mean square difference from the citation form in semitones."""
    return float(np.sqrt(np.mean(np.square(curve - citation_curve(tone)))))


def nearest_tone(curve: Floats) -> int:
    """The tone whose citation form is nearest."""
    return min(CITATION_LEVELS, key=lambda tone: tone_distance(curve, tone))
