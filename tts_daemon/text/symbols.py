"""Syllables, English phones and breaks to the symbols of the acoustic model, and symbols to their ids.

Source: the symbol format of the published Sambert checkpoints; the rules reproduce the map of KAN-TTS (MIT).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tts_daemon.domain import Symbol
from tts_daemon.errors import TextError
from tts_daemon.text.reading import Syllable

FIELDS = ("sy", "tone", "syllable_flag", "word_segment")

# zh ch sh before the one-letter initials that begin them.
_INITIAL = re.compile(r"zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]|")
_FULL_FINALS = {"ui": "uei", "iu": "iou", "un": "uen"}
_PSEUDO_INITIALS = {"a": "ga", "e": "ge", "o": "go"}
# Syllables outside the published map: the nearest one inside it.
_NEAREST = {
    "m": "mu", "n": "en", "ng": "eng", "hm": "heng", "hng": "heng", "rua": "ruo", "fiao": "fo",
    "len": "leng", "eh": "ei", "pia": "pie", "cei": "ce", "nia": "nie", "biang": "bian", "yai": "ya",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class VoiceTraits:
    """What the front end must know of a voice.

    Attributes:
        untrained: `sy` names to avoid (erhua finals that the voice never heard).
        arpabet: True when the voice speaks English phones.
        tables: Names in id order for each of `FIELDS`; empty when symbols need no ids (`tts-frontend`).
    """

    untrained: frozenset[str] = frozenset()
    arpabet: bool = True
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict)


def split_syllable(base: str, erhua: bool = False) -> tuple[str, str]:
    """`jiu` -> (`j_c`, `iou_c`); `wan` with erhua -> (`w_c`, `anr_c`)."""
    base = _NEAREST.get(base, base)
    base = re.sub(r"^([jqxy])u", r"\1v", base)
    initial = _INITIAL.match(base).group()  # type: ignore[union-attr]  # matches the empty string
    final = _plain_final(initial, base[len(initial) :]) + ("r_c" if erhua else "_c")
    if not initial:
        return _PSEUDO_INITIALS[base[0]], final
    return ("xx_c" if initial == "x" else f"{initial}_c"), final


def _plain_final(initial: str, final: str) -> str:
    if final == "i" and initial in ("zh", "ch", "sh", "r"):
        return "ih"
    if final == "i" and initial in ("z", "c", "s"):
        return "ii"
    return _FULL_FINALS.get(final, final)


def syllable_symbols(syllable: Syllable, traits: VoiceTraits) -> list[Symbol]:
    """The two phones of a syllable; `word_segment` is set by `word_symbols`."""
    initial, final = split_syllable(syllable.base, syllable.erhua)
    if syllable.erhua and not _speakable(final, traits):
        initial, final = split_syllable(syllable.base)
    tone = f"tone{syllable.tone}"
    return [
        Symbol(initial, tone, "s_begin", "word_middle"),
        Symbol(final, tone, "s_end", "word_middle"),
    ]


def _speakable(sy: str, traits: VoiceTraits) -> bool:
    known = traits.tables.get("sy")
    return sy not in traits.untrained and (known is None or sy in known)


def mark_word(phones: Sequence[Symbol]) -> list[Symbol]:
    """Set the word flags of the phones of one prosodic word."""
    if len(phones) == 1:
        return [replace(phones[0], word_segment="word_both")]
    last = len(phones) - 1
    flags = {0: "word_begin", last: "word_end"}
    return [
        replace(phone, word_segment=flags.get(index, "word_middle"))
        for index, phone in enumerate(phones)
    ]


def break_symbol(level: int) -> Symbol:
    """`#1` to `#4`: the boundary after a prosodic word."""
    return Symbol(f"#{level}", "tone_none", "s_none", "word_none")


def symbol_line(symbols: Iterable[Symbol], emotion: str, speaker: str) -> str:
    """The line that the published models read; breaks carry no emotion."""
    return " ".join(
        f"{{{s.sy}${s.tone}${s.syllable_flag}${s.word_segment}"
        f"$emotion_{'none' if s.sy.startswith('#') else emotion}${speaker}}}"
        for s in symbols
    )


def encode(symbols: Sequence[Symbol], tables: Mapping[str, Sequence[str]]) -> list[list[int]]:
    """Ids [L, 4] in the order of `FIELDS`.

    Raises:
        TextError: A name is not in the voice's table.
    """
    ids = {name: {value: index for index, value in enumerate(tables[name])} for name in FIELDS}
    try:
        return [[ids[name][getattr(symbol, name)] for name in FIELDS] for symbol in symbols]
    except KeyError as error:
        raise TextError(f"the voice's symbol tables have no {error.args[0]!r}") from error
