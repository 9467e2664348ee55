"""The teacher reads scripts aloud, in six styles, with labels exact to the frame.

It is Kokoro-82M (Apache-2.0), a blend of two Mandarin styles. Only its speech is used, its weights
are not shipped. Letters: N samples, T frames of 12.5 ms, L phones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import CheckpointError
from tts_daemon.runtime.engine import GraphOptions
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.workshop.training.teacher.graph import (
    DURATION,
    ENERGY,
    F0,
    PROSODY_FILE,
    SOUND_FILE,
    WAVEFORM,
    cut,
)
from tts_daemon.workshop.training.teacher.phones import Script
from tts_daemon.workshop.training.teacher.tone_targets import UNVOICED_HZ, Spoken, with_tones

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

TEACHER_RATE = 24000
TEACHER_HOP = 300
FRAMES_PER_UNIT = 2
"""The teacher counts durations in units of 25 ms."""
LEAD_IN_UNITS = 6
PAUSE_UNITS = 10
LAST_UNITS = 14
"""Silence that is kept before, inside (0.25 s) and behind an utterance (0.35 s)."""
BLEND = {"zf_xiaoxiao": 0.5, "zf_xiaobei": 0.5}
MEAN_F0_HZ = 224.0
"""Of the blend; ranges are widened and narrowed around it."""
STEADY_HZ = (4800, 7200, 9600)
"""The teacher whistles softly at these, whatever it says."""
STEADY_WIDTH_HZ = 6.0
PSEUDO_SHARE = 0.3
"""Share of a vowel that a phone gets which the teacher does not know as such."""


@dataclass(frozen=True, slots=True)
class TeacherStyle:
    """How the teacher is made to sound.

    Attributes:
        share: Sentences in this style, relative to the others.
        mean: Factor on the mean f0.
        span: Factor on the range of f0.
        speed: Factor on the speaking rate.
        energy: Added to its energy contour.
    """

    share: int
    mean: float = 1.0
    span: float = 1.0
    speed: float = 1.0
    energy: float = 0.0


STYLES = {
    "neutral": TeacherStyle(11),
    "happy": TeacherStyle(2, 1.15, 1.4, 1.1, 0.6),
    "sad": TeacherStyle(2, 0.9, 0.6, 0.82, -1.2),
    "angry": TeacherStyle(2, 1.08, 1.35, 1.12, 1.8),
    "gentle": TeacherStyle(2, 1.02, 0.8, 0.92, -0.6),
    "excited": TeacherStyle(2, 1.22, 1.5, 1.15, 1.0),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the teacher said.

    Attributes:
        waveform: At 24 kHz [N].
        lead_in: Frames before the first phone.
        durations: Frames per phone [L].
        f0: Hz per frame [T]; below 100 unvoiced.
        energy: Per frame [T].
    """

    waveform: Floats
    lead_in: int
    durations: Integers
    f0: Floats
    energy: Floats


class Teacher:
    """Reads scripts aloud."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Open `folder`: kokoro.onnx, vocab.json, and the styles' `.bin` files.

        Raises:
            CheckpointError: A file is missing.
        """
        for name in ("kokoro.onnx", "vocab.json", *(f"{style}.bin" for style in BLEND)):
            if not (folder / name).is_file():
                raise CheckpointError(f"{folder / name} is missing; scripts/train-voice fetches it")
        if not (folder / SOUND_FILE).is_file():
            cut(folder / "kokoro.onnx", folder)
        engine, options = OnnxEngine(), GraphOptions(threads)
        self._prosody = engine.load(folder / PROSODY_FILE, options)
        self._sound = engine.load(folder / SOUND_FILE, options)
        vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        self._ids: dict[str, int] = vocabulary["vocab"]
        tables = [
            weight * np.fromfile(folder / f"{style}.bin", np.float32).reshape(-1, 256)
            for style, weight in BLEND.items()
        ]
        self._styles = np.sum(tables, axis=0).astype(np.float32)

    def read(self, script: Script, style: TeacherStyle) -> Reading:
        """Speak a script."""
        tokens, owners = self._tokens(script)
        row = min(len(tokens), len(self._styles)) - 1
        between = self._prosody.run(
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": self._styles[row : row + 1],
                "speed": np.array([style.speed], np.float32),
            }
        )
        units = between.pop(DURATION).ravel().astype(np.int64)
        spans = phone_spans(script, units, owners)
        f0, energy = (between[name].ravel().astype(np.float64) for name in (F0, ENERGY))
        spoken = syllables(script, spans)
        if spoken:
            f0 = with_tones(f0, energy, spoken, script.question, MEAN_F0_HZ)
        between[F0], between[ENERGY] = _styled(f0, energy, style)
        keep = kept_units(script, spans)
        heard = {name: _cut(values, keep) for name, values in between.items()}
        waveform = self._sound.run(heard)[WAVEFORM].ravel()
        kept_frames = np.repeat(keep, FRAMES_PER_UNIT)
        durations = np.array([kept_frames[begin:end].sum() for begin, end in pairwise(spans)])
        return Reading(
            without_whistles(waveform),
            int(kept_frames[: spans[0]].sum()),
            durations,
            heard[F0].ravel(),
            heard[ENERGY].ravel(),
        )

    def _tokens(self, script: Script) -> tuple[list[int], list[int]]:
        """Ids of all letters, and the phone that each belongs to."""
        pairs = [(self._ids[c], place) for place, p in enumerate(script.phones) for c in p.letters]
        return [token for token, _ in pairs], [owner for _, owner in pairs]


def phone_spans(script: Script, units: Integers, owners: list[int]) -> Integers:
    """First frame of each phone, and the end [L + 1]; `units` are of silence, letters, silence."""
    durations = np.zeros(len(script.phones), np.int64)
    np.add.at(durations, owners, FRAMES_PER_UNIT * units[1:-1])
    for place, phone in enumerate(script.phones):
        # ga, ge, go, and y or w before their own vowel: the start of the final is theirs.
        if not phone.letters and not phone.is_break:
            durations[place] = max(1, int(durations[place + 1] * PSEUDO_SHARE))
            durations[place + 1] -= durations[place]
    # What is behind the last letter belongs to the last pause.
    durations[-1] += FRAMES_PER_UNIT * int(units[-1])
    return FRAMES_PER_UNIT * int(units[0]) + np.concatenate([[0], np.cumsum(durations)])


def syllables(script: Script, spans: Integers) -> list[Spoken]:
    """Where each syllable lies; English ones have no tone."""
    found: list[Spoken] = []
    for place, phone in enumerate(script.phones):
        flag = phone.symbol.syllable_flag
        if flag in ("s_begin", "s_both"):
            rime = place if flag == "s_both" else place + 1
            found.append(Spoken(int(spans[place]), int(spans[rime]), phone.tone))
    return found


def kept_units(script: Script, spans: Integers) -> NDArray[np.bool_]:
    """Which units are to be heard: long silences are shortened in their middle."""
    keep = np.ones(int(spans[-1]) // FRAMES_PER_UNIT, bool)
    keep[: max(0, int(spans[0]) // FRAMES_PER_UNIT - LEAD_IN_UNITS)] = False
    for phone, (begin, end) in zip(script.phones, pairwise(spans // FRAMES_PER_UNIT), strict=True):
        if phone.symbol.sy == "#3" and end - begin > PAUSE_UNITS:
            keep[begin + PAUSE_UNITS // 2 : end - PAUSE_UNITS // 2] = False
        if phone.symbol.sy == "#4":
            keep[begin + LAST_UNITS :] = False
    return keep


def _cut(values: Floats, keep: NDArray[np.bool_]) -> Floats:
    """Leave out what is not kept, where the last axis is time; in units, or in frames."""
    if values.shape[-1] == len(keep):
        return values[..., keep]
    if values.shape[-1] == FRAMES_PER_UNIT * len(keep):
        return values[..., np.repeat(keep, FRAMES_PER_UNIT)]
    return values


def _styled(f0: Doubles, energy: Doubles, style: TeacherStyle) -> tuple[Floats, Floats]:
    """F0 and energy as the teacher's graph takes them, [1, 1, T]."""
    wide = np.maximum(f0 * style.span + MEAN_F0_HZ * (style.mean - style.span), UNVOICED_HZ)
    both = np.where(f0 > UNVOICED_HZ, wide, f0), energy + style.energy
    styled, louder = (values.astype(np.float32)[None, None] for values in both)
    return styled, louder


def without_whistles(waveform: Floats) -> Floats:
    """Take the teacher's steady tones out of a waveform at its rate [N]."""
    spectrum = np.fft.rfft(waveform)
    frequencies = np.fft.rfftfreq(len(waveform), 1.0 / TEACHER_RATE)
    for centre in STEADY_HZ:
        spectrum *= 1.0 - np.exp(-(((frequencies - centre) / STEADY_WIDTH_HZ) ** 2))
    clean: Floats = np.fft.irfft(spectrum, len(waveform)).astype(np.float32)
    return clean
