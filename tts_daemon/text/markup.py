"""Tags in a text: `[emotion=sad]`, `[pause=500ms]`, `[py=chong2]重[/py]`; SSML goes to `ssml`."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace

from tts_daemon.domain import STYLE_RANGES, Style
from tts_daemon.errors import TtsError
from tts_daemon.ports import SoFar
from tts_daemon.text import ssml, unheard
from tts_daemon.text.passage import Passage
from tts_daemon.text.passage_builder import PassageBuilder, parse_duration_s, parse_syllables

ResolvePreset = Callable[[str], Style]
"""From the name of a preset to its style; raises TtsError (or KeyError) for an unknown name."""

log = logging.getLogger(__name__)

_NUMBERS = {name: known for name, known in STYLE_RANGES.items() if name != "pause"}
_NAMES = ("emotion", "voice", "preset", "pause", "py", *_NUMBERS)
TAG = re.compile(rf"\[(?:({'|'.join(_NAMES)})\s?=\s?([^\[\]\n]{{1,60}})|/({'|'.join(_NAMES)}))\]")
"""A tag of ours."""
_DOCUMENT = re.compile(r"[\ufeff\s]*(?:<\?xml[^<>]{0,200}\?>\s*)?<(?:speak\b|!DOCTYPE\s)")
_INSIDE = re.compile(r"\[[^\[\]\n]{0,80}$")
_NUMBER = re.compile(r"[-+]?[0-9]{1,4}(?:\.[0-9]{1,4})?%?")


def parse(
    text: str,
    style: Style,
    resolve_preset: ResolvePreset,
    warn: Callable[[str], None] = log.warning,
    so_far: SoFar | None = None,
) -> list[Passage]:
    """Cut a text into passages of one style each. Never fails: what is wrong is warned of.

    Args:
        text: Plain text, text with tags, or an SSML document.
        style: The style at the start, to which `[/emotion]` and its like return.
        resolve_preset: Looks up `[preset=name]`.
        warn: Called with each warning.
        so_far: What the tags of earlier stretches of the text have set; is brought up to date.
    """
    so_far = so_far or SoFar()
    builder = PassageBuilder(so_far.style or style)
    if _DOCUMENT.match(text):
        ssml.read(text, builder, warn)
    else:
        _Tags(builder, style, resolve_preset, warn).read(unheard.left_out(text, warn))
    so_far.style = builder.style
    return builder.passages()


def is_document(text: str) -> bool:
    """Whether a text, or what begins one, is SSML, which is read as a whole."""
    return _DOCUMENT.match(text) is not None


def is_open(text: str) -> bool:
    """Whether a text ends inside of something that goes on: a tag, a reading, what is left out."""
    is_inside = _INSIDE.search(text) is not None or text.rfind("[py") > text.rfind("[/py]")
    return is_inside or unheard.is_open(text)


class _Tags:
    """Reads one text with tags into a builder."""

    def __init__(
        self,
        builder: PassageBuilder,
        style: Style,
        resolve_preset: ResolvePreset,
        warn: Callable[[str], None],
    ) -> None:
        self._builder = builder
        self._base = style
        self._resolve_preset = resolve_preset
        self._warn = warn

    def read(self, text: str) -> None:
        position = 0
        for match in TAG.finditer(text):
            self._builder.text(text[position : match.start()])
            position = match.end()
            if match[3]:
                self._close(match[3])
            else:
                self._open(match[1], match[2].strip())
        self._builder.text(text[position:])

    def _open(self, name: str, value: str) -> None:
        if name == "pause":
            self._pause(value)
        elif name == "py":
            self._pronounce(value)
        elif name == "preset":
            self._preset(value)
        elif name == "voice":
            self._builder.style = replace(self._builder.style, voice=value)
        elif name == "emotion":
            self._emotion(value)
        else:
            self._number(name, value)

    def _close(self, name: str) -> None:
        builder = self._builder
        if name == "py":
            builder.end_pronunciation()
        elif name == "preset":
            builder.style = self._base
        elif name != "pause":
            kept = {name: getattr(self._base, name)}
            if name == "emotion":
                kept["intensity"] = self._base.intensity
            builder.style = replace(builder.style, **kept)

    def _pause(self, value: str) -> None:
        seconds = parse_duration_s(value)
        if seconds is None:
            self._warn(f"[pause={value}]: not a duration such as 500ms or 1.5s; left out")
        else:
            self._builder.pause(seconds)

    def _pronounce(self, value: str) -> None:
        syllables = parse_syllables(value)
        if syllables is None:
            self._warn(f"[py={value}]: not pinyin with tone digits such as chong2; left out")
        else:
            self._builder.begin_pronunciation(syllables, self._warn)

    def _preset(self, value: str) -> None:
        try:
            self._builder.style = self._resolve_preset(value)
        except (TtsError, KeyError) as error:
            self._warn(f"[preset={value}]: {error}; left out")

    def _emotion(self, value: str) -> None:
        """`sad`, or `sad:0.5` for half of it."""
        name, colon, intensity = value.partition(":")
        self._builder.style = replace(self._builder.style, emotion=name.strip(), intensity=1.0)
        if colon:
            self._number("intensity", intensity.strip())

    def _number(self, name: str, value: str) -> None:
        if not _NUMBER.fullmatch(value):
            self._warn(f"[{name}={value}]: not a number; left out")
            return
        known = _NUMBERS[name]
        amount = float(value.rstrip("%")) / (
            100.0 if value[-1] == "%" and name != "volume" else 1.0
        )
        taken = known.clamp(amount)
        if taken != amount:
            limits = f"{known.least:g} to {known.most:g}"
            self._warn(f"[{name}={value}]: outside of {limits}; the nearest is taken")
        fields = {name: taken}
        self._builder.style = replace(self._builder.style, **fields)  # type: ignore[arg-type]
