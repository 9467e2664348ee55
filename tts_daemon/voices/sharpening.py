"""How much a voice's mels are sharpened before the vocoder reads them."""

from __future__ import annotations

from dataclasses import dataclass

from tts_daemon.voices.fields import Fields

_LARGEST_STRENGTH, _LARGEST_RADIUS = 1.0, 20


@dataclass(frozen=True, slots=True)
class Sharpening:
    """What is added to each mel: `strength` times its difference from the mean around it.

    Attributes:
        strength: 0 to 1.
        radius_frames: Frames on either side that belong to the mean.
    """

    strength: float
    radius_frames: int


def read_sharpening(keys: Fields) -> Sharpening:
    """As a manifest states it. Raises VoiceError."""
    strength, radius = keys.number("strength"), keys.integer("radius_frames", minimum=1)
    if not 0 <= strength <= _LARGEST_STRENGTH:
        raise keys.error("strength", f"is {strength:g}, must be 0 to {_LARGEST_STRENGTH:g}")
    if radius > _LARGEST_RADIUS:
        raise keys.error("radius_frames", f"is {radius}, must be 1 to {_LARGEST_RADIUS}")
    keys.finish()
    return Sharpening(strength, radius)
