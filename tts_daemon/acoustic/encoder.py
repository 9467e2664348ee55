"""Symbols to text encodings, pitch and energy, and these to what the later stages read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tts_daemon.acoustic.inputs import AcousticInput
from tts_daemon.runtime.engine import Floats, Graph


@dataclass(frozen=True, slots=True)
class Encoding:
    """One clause, encoded.

    Attributes:
        text: With pitch and energy added [L, P].
        condition: Speaker and emotion [L, G].
        duration_condition: The condition's part of the duration predictor [L, 4 x units].
        pitch, energy: Of each symbol, as shifted [L].
    """

    text: Floats
    condition: Floats
    duration_condition: Floats
    pitch: Floats
    energy: Floats


class Encoder:
    """Runs the encoder and variance graphs, once per clause."""

    def __init__(self, encoder: Graph, variance: Graph) -> None:
        """Take the two graphs; pitch and energy can be changed between them."""
        self._encoder = encoder
        self._variance = variance

    def encode(self, inputs: AcousticInput) -> Encoding:
        """Encode a clause of at least one symbol."""
        encoded = self._encoder.run(
            {"symbols": inputs.symbols, "emotion": inputs.emotion, "speaker": inputs.speaker}
        )
        encoded["pitch"] = encoded["pitch"] + np.float32(inputs.pitch_shift)
        encoded["energy"] = encoded["energy"] + np.float32(inputs.energy_shift)
        varied = self._variance.run(encoded)
        return Encoding(
            text=varied["text_augmented"][0],
            condition=encoded["condition"][0],
            duration_condition=varied["duration_condition"][0],
            pitch=encoded["pitch"][0],
            energy=encoded["energy"][0],
        )
