"""Syllables, English phones and breaks to the symbols of the acoustic model, and these to ids.

Source: the symbol format of the published Sambert checkpoints; the rules reproduce the map of
KAN-TTS (MIT).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tts_daemon.domain import Symbol
from tts_daemon.errors import TextError
from tts_daemon.text.reading import Syllable
from tts_daemon.text.tables import word_set

FIELDS = ("sy", "tone", "syllable_flag", "word_segment")

# zh ch sh before the one-letter initials that begin them.
_INITIAL = re.compile(r"zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]|")
_FULL_FINALS = {"ui": "uei", "iu": "iou", "un": "uen"}
_PSEUDO_INITIALS = {"a": "ga", "e": "ge", "o": "go"}
# Syllables outside the published map: the nearest one inside it.
_NEAREST = {
    "m": "mu", "n": "en", "ng": "eng", "hm": "heng", "hng": "heng", "rua": "ruo", "fiao": "fo",
    "len": "leng", "eh": "ei", "pia": "pie", "cei": "ce", "nia": "nie", "biang": "bian",
    "yai": "ya", "io": "yo", "bong": "beng", "wong": "weng", "din": "ding",
}  # fmt: skip


ARPABET = word_set(
    "aa ae ah ao aw ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh "
    "uw v w y z zh"
)
_INITIALS = word_set(
    "b_c c_c ch_c d_c f_c g_c h_c j_c k_c l_c m_c n_c p_c q_c r_c s_c sh_c t_c w_c xx_c y_c "
    "z_c zh_c ga ge go"
)
_FINALS = word_set(
    "a_c ai_c an_c ang_c ao_c e_c ei_c en_c eng_c er_c i_c ia_c ian_c iang_c iao_c ie_c "
    "ih_c ii_c in_c ing_c io_c iong_c iou_c o_c ong_c ou_c u_c ua_c uai_c uan_c uang_c "
    "uei_c uen_c ueng_c uo_c v_c van_c ve_c vn_c"
)
_ERHUA_FINALS = word_set(
    "air_c angr_c anr_c aor_c ar_c eir_c engr_c enr_c iangr_c ianr_c iaor_c iar_c ier_c "
    "ihr_c iir_c ingr_c inr_c iongr_c iour_c ir_c ongr_c or_c our_c uair_c uangr_c uanr_c "
    "uar_c ueir_c uenr_c uor_c ur_c vanr_c ver_c vnr_c vr_c er_c"
)
BREAKS = word_set("#1 #2 #3 #4")
KNOWN = ARPABET | _INITIALS | _FINALS | _ERHUA_FINALS | BREAKS
"""The phones and breaks of the published voices."""


@dataclass(frozen=True, slots=True)
class VoiceTraits:
    """What the front end must know of a voice.

    Attributes:
        untrained: `sy` names to avoid (erhua finals, English phones that the voice never heard).
        arpabet: True when the voice speaks English phones.
        tables: Names in id order for each of `FIELDS`; empty when symbols need no ids.
    """

    untrained: frozenset[str] = frozenset()
    arpabet: bool = True
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Mapping[str, Sequence[str]], untrained: Iterable[str] = ()) -> VoiceTraits:
        """The traits that follow from a voice's symbol tables and what it was not trained on."""
        avoided = frozenset(untrained)
        speaks_english = set(tables["sy"]) >= ARPABET and not avoided & ARPABET
        return cls(avoided, speaks_english, tables)


@lru_cache(maxsize=1024)
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
    """The two phones of a syllable; `mark_word` sets their place in the word."""
    initial, final = split_syllable(syllable.base, syllable.erhua)
    if syllable.erhua and not _speakable(final, traits):
        initial, final = split_syllable(syllable.base)
    tone = f"tone{syllable.tone}"
    return [
        Symbol(initial, tone, "s_begin", "word_middle"),
        Symbol(final, tone, "s_end", "word_middle"),
    ]


def _speakable(sy: str, traits: VoiceTraits) -> bool:
    known = traits.tables.get("sy") or KNOWN
    return sy in known and sy not in traits.untrained


def mark_word(phones: Sequence[Symbol]) -> list[Symbol]:
    """Set the word flags of the phones of one prosodic word."""
    middle = ["word_middle"] * (len(phones) - 2)
    flags = ["word_begin", *middle, "word_end"] if len(phones) > 1 else ["word_both"]
    return [
        Symbol(phone.sy, phone.tone, phone.syllable_flag, flag)
        for phone, flag in zip(phones, flags, strict=False)
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
