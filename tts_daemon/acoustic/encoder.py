"""Symbols to text encodings, pitch and energy, and these to what the later stages read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from tts_daemon.acoustic.inputs import AcousticInput
from tts_daemon.runtime.engine import Floats, Graph

_BLENDED = ("text", "condition", "pitch", "energy")


@dataclass(frozen=True, slots=True)
class Encoding:
    """One clause, encoded.

    Attributes:
        text: With pitch and energy added [L, P].
        condition: Speaker and emotion [L, G].
        duration_conditions: The condition's part of the duration predictor for each end of the
            input's blend, before any shift [L, 4 x units].
        pitch, energy: Of each symbol, as shifted [L].
    """

    text: Floats
    condition: Floats
    duration_conditions: tuple[Floats, ...]
    pitch: Floats
    energy: Floats


class Encoder:
    """Runs the encoder and variance graphs, once per clause and end of the blend."""

    def __init__(self, encoder: Graph, variance: Graph) -> None:
        """Take the two graphs; pitch and energy can be changed between them."""
        self._encoder = encoder
        self._variance = variance

    def encode(self, inputs: AcousticInput) -> Encoding:
        """Encode a clause of at least one symbol.

        The networks are asked for each end of the blend, and their answers are mixed: what they
        would make of a mixed emotion jumps from one end to the other. Durations are those of the
        unshifted voice, since the duration predictor takes a high voice for a hurried one.
        """
        ends = [self._encode(inputs, emotion) for emotion in inputs.emotions]
        varied = [self._variance.run(end) for end in ends]
        blended = {name: blend([end[name] for end in ends], inputs.shares) for name in _BLENDED}
        unshifted = not (np.any(inputs.pitch_shift) or np.any(inputs.energy_shift))
        if unshifted and len(ends) == 1:
            text = varied[0]["text_augmented"]
        else:
            blended["pitch"] = blended["pitch"] + np.float32(inputs.pitch_shift)
            blended["energy"] = blended["energy"] + np.float32(inputs.energy_shift)
            text = self._variance.run(blended)["text_augmented"]
        return Encoding(
            text=text[0],
            condition=blended["condition"][0],
            duration_conditions=tuple(end["duration_condition"][0] for end in varied),
            pitch=blended["pitch"][0],
            energy=blended["energy"][0],
        )

    def _encode(self, inputs: AcousticInput, emotion: Floats) -> Mapping[str, Floats]:
        return self._encoder.run(
            {"symbols": inputs.symbols, "emotion": emotion, "speaker": inputs.speaker}
        )


def blend(values: Sequence[Floats], shares: Sequence[float]) -> Floats:
    """Weighted sum; a lone value stays as it is."""
    if len(values) == 1:
        return values[0]
    weighted = [np.float32(share) * value for share, value in zip(shares, values, strict=True)]
    return reduce(np.add, weighted)
