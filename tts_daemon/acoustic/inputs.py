"""A style in the acoustic model's own terms: mixing weights, shifts and factors."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_daemon.acoustic.intonation import Intonation
from tts_daemon.domain import PauseKind, Style
from tts_daemon.errors import InvalidRequestError
from tts_daemon.runtime.engine import Floats
from tts_daemon.voices.manifest import Manifest

Ids = NDArray[np.int64]

_PAUSES = ("#3", "#4", "pau")
_BREAKS = ("#1", "#2", "#3", "#4")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AcousticInput:
    """What the acoustic model is asked to say.

    Attributes:
        symbols: Ids of sy, tone, syllable_flag and word_segment [1, L, 4].
        emotions: The ends of the blend: for each, mixing weights over the emotion table [1, L, E].
        speaker: Mixing weights over the speaker table [1, L, K].
        pauses: True at the symbols that are pauses at punctuation [L].
        speed: Factor on the speaking rate.
        pause: Factor on the length of `pauses`.
        shares: Of each end in the blend; together 1.
        floors_s: Least silence at each symbol in seconds, 0 for none [L]; None: nowhere.
        pitch_shift, energy_shift: Added to the predictions, in the model's own units; a number or
            one for each symbol [L].
        semitones: Shift of the decoder's f0 at the begin and at the end of each symbol [L, 2];
            None: none, or a voice without f0.
        durations: Frames of each symbol instead of the predicted ones [L], to compare voices.
    """

    symbols: Ids
    emotions: tuple[Floats, ...]
    speaker: Floats
    pauses: NDArray[np.bool_]
    speed: float = 1.0
    pause: float = 1.0
    shares: tuple[float, ...] = (1.0,)
    floors_s: Floats | None = None
    pitch_shift: Floats | float = 0.0
    energy_shift: Floats | float = 0.0
    semitones: Floats | None = None
    durations: Floats | None = None


class InputBuilder:
    """Turns ids and a style into the input of one voice."""

    def __init__(self, manifest: Manifest, speakers: int) -> None:
        """Take the voice's tables, and the width of its encoder's speaker input."""
        self._manifest = manifest
        self._speaker = _speaker_weights(manifest, speakers)
        self._emotion_ids = {
            name.removeprefix("emotion_"): index
            for index, name in enumerate(manifest.symbols["emo_category"])
        }
        names = manifest.symbols["sy"]
        self._pause_ids = [index for index, name in enumerate(names) if name in _PAUSES]
        self._break_ids = [index for index, name in enumerate(names) if name in _BREAKS]

    def build(
        self,
        ids: Ids,
        style: Style,
        pauses: Sequence[PauseKind] = (),
        intonation: Intonation | None = None,
    ) -> AcousticInput:
        """Fill in everything that the style decides.

        Args:
            ids: sy, tone, syllable_flag and word_segment of each symbol [L, 4].
            style: As asked for.
            pauses: What stands at each break; empty where that is not known.
            intonation: Melody and effort beside those of the style.

        Raises:
            InvalidRequestError: An emotion that no voice has; names the nearest.
        """
        length = len(ids)
        names, shares = self._blend(style)
        semitones = np.full((length, 2), style.pitch, np.float32)
        energy = np.full(length, style.energy, np.float32)
        if intonation is not None:
            semitones, energy = semitones + intonation.semitones, energy + intonation.energy
        return AcousticInput(
            symbols=np.ascontiguousarray(ids[None], dtype=np.int64),
            emotions=tuple(self._weights(name, ids) for name in names),
            speaker=np.tile(self._speaker, (1, length, 1)),
            pauses=np.isin(ids[:, 0], self._pause_ids),
            speed=style.speed * self._manifest.pace,
            pause=style.pause,
            shares=shares,
            floors_s=self._floors_s(ids, style, pauses),
            energy_shift=energy * np.float32(self._manifest.energy_per_unit or 0.0),
            **self._pitch(semitones if semitones.any() else None),
        )

    def _pitch(self, semitones: Floats | None) -> dict[str, Floats]:
        """By the f0 that the vocoder is told, where the voice has one; else by the text's pitch.

        The vocoder follows exactly, and the timbre, the words and the melody stay what they are.
        """
        if semitones is None:
            return {}
        if self._manifest.f0:
            return {"semitones": semitones}
        per_semitone = np.float32(self._manifest.pitch_per_semitone or 0.0)
        return {"pitch_shift": semitones.mean(axis=1) * per_semitone}

    def _floors_s(self, ids: Ids, style: Style, pauses: Sequence[PauseKind]) -> Floats:
        """[L]; the pause that ends the clause is nobody's business here."""
        floors_s = np.zeros(len(ids), np.float32)
        breaks = np.flatnonzero(np.isin(ids[:, 0], self._break_ids))
        factor = style.pause / style.speed
        for place, kind in zip(breaks[:-1], pauses[:-1], strict=False):
            floors_s[place] = self._manifest.pause_floors.of(kind) * factor
        return floors_s

    def _blend(self, style: Style) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """On the line from neutral (intensity 0) through the emotion (1) and beyond."""
        trained = self._manifest.emotions
        neutral = "neutral" if "neutral" in trained else trained[0]
        emotion = self._trained_emotion(style.emotion, neutral)
        if style.intensity == 0 or emotion == neutral:
            return (neutral,), (1.0,)
        if style.intensity == 1:
            return (emotion,), (1.0,)
        return (neutral, emotion), (1 - style.intensity, style.intensity)

    def _trained_emotion(self, wanted: str, neutral: str) -> str:
        if wanted in self._manifest.emotions:
            return wanted
        if wanted in self._emotion_ids:
            # Presets are shared by all voices: one that lacks an emotion still has to speak.
            log.info("voice %s was not trained on %s: neutral", self._manifest.name, wanted)
            return neutral
        nearest = difflib.get_close_matches(wanted, self._manifest.emotions, n=1)
        hint = nearest[0] if nearest else ", ".join(self._manifest.emotions)
        raise InvalidRequestError(f"emotion {wanted!r} is unknown; did you mean {hint}?")

    def _weights(self, emotion: str, ids: Ids) -> Floats:
        """One emotion for all symbols, breaks excepted where they have their own [1, L, E]."""
        weights = np.zeros((len(ids), len(self._emotion_ids)), np.float32)
        weights[:, self._emotion_ids[emotion]] = 1
        if self._manifest.break_emotion is not None:
            breaks = np.isin(ids[:, 0], self._break_ids)
            weights[breaks] = 0
            weights[breaks, self._emotion_ids[self._manifest.break_emotion]] = 1
        return weights[None]


def _speaker_weights(manifest: Manifest, width: int) -> Floats:
    """[K]; a voice with its speaker's embedding inside the graph has K = 1."""
    if width == 1:
        return np.ones(1, np.float32)
    table = manifest.symbols["speaker_category"]
    weights = np.zeros(len(table), np.float32)
    weights[table.index(manifest.speaker) if manifest.speaker else 0] = 1
    return weights
