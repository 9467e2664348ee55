"""What the style elements of SSML (prosody, emphasis, emotion, voice) do to a style."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from tts_daemon.domain import STYLE_RANGES, Style

Warn = Callable[[str], None]

ELEMENTS = frozenset({"prosody", "emphasis", "emotion", "voice"})

_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.3, "x-fast": 1.7}
_PITCHES = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
# Parts of the volume that the text around has.
_VOLUMES = {
    "silent": 0.0,
    "x-soft": 0.25,
    "soft": 0.5,
    "medium": 1.0,
    "default": 1.0,
    "loud": 1.3,
    "x-loud": 1.6,
}
# Level of emphasis -> energy in standard deviations, factor on the speed.
_EMPHASES = {
    "strong": (1.0, 0.9),
    "moderate": (0.5, 0.95),
    "none": (0.0, 1.0),
    "reduced": (-0.5, 1.05),
}
_VALUE = re.compile(r"([-+]?)([0-9]{1,4}(?:\.[0-9]{1,4})?)\s?(%|st|dB|)")


def apply(name: str, attributes: Mapping[str, str], style: Style, warn: Warn) -> Style:
    """The style inside an element; a value that cannot be understood is warned of and left out."""
    if name == "voice":
        return replace(style, voice=attributes.get("name", style.voice))
    if name == "emotion":
        return _emotion(attributes, style, warn)
    if name == "emphasis":
        return _emphasis(attributes.get("level", "moderate"), style, warn)
    return _prosody(attributes, style, warn)


def _emotion(attributes: Mapping[str, str], style: Style, warn: Warn) -> Style:
    intensity = _number(attributes.get("intensity", "1"))
    if intensity is None:
        warn(f'<emotion intensity="{attributes["intensity"]}">: not a number; 1 is taken')
        intensity = 1.0
    category = attributes.get("category", style.emotion)
    return replace(style, emotion=category, intensity=STYLE_RANGES["intensity"].clamp(intensity))


def _emphasis(level: str, style: Style, warn: Warn) -> Style:
    if level not in _EMPHASES:
        warn(f'<emphasis level="{level}"> is not known; left out')
    energy, speed = _EMPHASES.get(level, _EMPHASES["none"])
    return replace(
        style,
        energy=STYLE_RANGES["energy"].clamp(style.energy + energy),
        speed=STYLE_RANGES["speed"].clamp(style.speed * speed),
    )


def _prosody(attributes: Mapping[str, str], style: Style, warn: Warn) -> Style:
    readers = {"rate": _rate, "pitch": _pitch, "volume": _volume}
    for name, reader in readers.items():
        if name in attributes:
            changed = reader(attributes[name].strip(), style)
            if changed is None:
                warn(f'<prosody {name}="{attributes[name]}"> is not understood; left out')
            style = changed or style
    return style


def _rate(value: str, style: Style) -> Style | None:
    """`fast`, `120%`, `+20%`, `1.2`: factors on the speed around."""
    factor = _RATES.get(value)
    if factor is None:
        match = _VALUE.fullmatch(value)
        if match is None or match[3] not in ("%", ""):
            return None
        amount = float(match[2]) / (100.0 if match[3] else 1.0)
        factor = 1.0 + float(f"{match[1]}{amount}") if match[1] else amount
    return replace(style, speed=STYLE_RANGES["speed"].clamp(style.speed * factor))


def _pitch(value: str, style: Style) -> Style | None:
    """`high`, `+2st`, `+10%`: added to the pitch around."""
    shift = _PITCHES.get(value)
    if shift is None:
        match = _VALUE.fullmatch(value)
        if match is None or match[3] not in ("%", "st"):
            return None
        amount = float(match[1] + match[2])
        shift = amount if match[3] == "st" else _semitones(amount, bool(match[1]))
    return replace(style, pitch=STYLE_RANGES["pitch"].clamp(style.pitch + shift))


def _semitones(percent: float, relative: bool) -> float:
    factor = max(percent / 100.0 + (1.0 if relative else 0.0), 0.25)
    return 12.0 * math.log2(factor)


def _volume(value: str, style: Style) -> Style | None:
    """`soft`, `+6dB`, `-20%` relative to the volume around; `50` absolute."""
    if value in _VOLUMES:
        volume = style.volume * _VOLUMES[value]
    else:
        match = _VALUE.fullmatch(value)
        if match is None or match[3] == "st":
            return None
        amount = float(match[1] + match[2])
        if match[3] == "dB":
            volume = style.volume * 10.0 ** (amount / 20.0)
        elif match[1]:
            volume = style.volume * (1.0 + amount / 100.0)
        else:
            volume = amount
    return replace(style, volume=STYLE_RANGES["volume"].clamp(volume))


def _number(text: str) -> float | None:
    match = _VALUE.fullmatch(text.strip())
    return float(match[1] + match[2]) / (100.0 if match[3] == "%" else 1.0) if match else None
