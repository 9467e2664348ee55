"""A voice as the workshop holds it: two torch models and what a voice package says about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_daemon.workshop.models.hifigan import Generator
from tts_daemon.workshop.models.sambert import Sambert

F0_FLOOR_HZ = 30.0
VOICED_THRESHOLD = 0.6


@dataclass(frozen=True, slots=True)
class F0Normalization:
    """How the acoustic model's f0 value becomes Hz: value x factor + offset.

    Attributes:
        normalization: `global` (a fixed range) or `mean_std`.
        factor: Range, or standard deviation, in Hz.
        offset: Lower end of the range, or mean, in Hz.
    """

    normalization: str
    factor: float
    offset: float

    def to_hz(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """f0 in Hz, at least the floor."""
        hertz = values * np.float32(self.factor) + np.float32(self.offset)
        return np.asarray(np.maximum(hertz, np.float32(F0_FLOOR_HZ)))

    def manifest(self) -> dict[str, str | float]:
        """As the voice package writes it."""
        if self.normalization == "global":
            return {
                "normalization": "global",
                "minimum": self.offset,
                "maximum": self.offset + self.factor,
            }
        return {"normalization": "mean_std", "mean": self.offset, "std": self.factor}


@dataclass(frozen=True, slots=True)
class Notes:
    """What no checkpoint says: from `traits.json` beside it, or from the command line.

    Attributes:
        title: For people.
        licence: SPDX identifier, or a sentence.
        provenance: Where the voice comes from, and how it was trained.
        emotions: Names without `emotion_` that the voice was trained on, the default first.
        break_emotion: Emotion of the break symbols; None: that of the phones.
        speaker: The name in the speaker table to use; empty for the first.
        untrained: `sy` names that the voice never heard.
        pitch_per_semitone: What to add to a symbol's pitch for one semitone; None: not known.
        energy_per_unit: What to add to a symbol's energy for one standard deviation; None likewise.
        pace: Factor on the speaking rate as it was trained, for every style.
        pause_floors_s, sharpening: As the manifest has them; None: the usual.
        quality: Figures that were measured elsewhere and belong into the manifest.
    """

    title: str = ""
    licence: str = "not stated"
    provenance: str | dict[str, Any] = "not stated"
    emotions: tuple[str, ...] = ("neutral",)
    break_emotion: str | None = "none"
    speaker: str = ""
    untrained: tuple[str, ...] = ()
    pitch_per_semitone: float | None = None
    energy_per_unit: float | None = None
    pace: float = 1.0
    pause_floors_s: dict[str, float] | None = None
    sharpening: dict[str, float] | None = None
    quality: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TorchVoice:
    """One acoustic model and its vocoder, ready for inference.

    Attributes:
        name: Of the published voice.
        acoustic: In evaluation mode.
        vocoder: In evaluation mode, weight normalisation fused.
        tables: Symbol names in id order, per field.
        speaker_table: Rows of the speaker table, or the speaker embedding as the only row [K, G].
        sample_rate: Samples per second.
        hop_length: Samples per mel frame.
        f0: None for a voice without an excitation.
    """

    name: str
    acoustic: Sambert
    vocoder: Generator
    tables: dict[str, list[str]]
    speaker_table: NDArray[np.float32]
    sample_rate: int
    hop_length: int
    f0: F0Normalization | None
    notes: Notes = field(default_factory=Notes)

    @property
    def has_speaker_embedding(self) -> bool:
        """True when the speaker is one vector, not a row of a table."""
        return self.acoustic.config.tables.speaker == 0

    @property
    def n_mels(self) -> int:
        """Mel bands."""
        return self.vocoder.params.in_channels
