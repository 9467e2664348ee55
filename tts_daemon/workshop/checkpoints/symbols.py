"""The published symbol tables, names in id order, and symbol lines to ids.

Source: the symbol tables of the published voices. Those of language PinYin all share one; the
dialect of Sichuan has finals of its own and no erhua.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import CheckpointError

PAD, END, MASK = "_", "~", "@[MASK]"
EXTRAS = (PAD, END, MASK)
"""What follows the names in every table; voices before the mask lack the last."""

SYMBOL_FIELDS = ("sy", "tone", "syllable_flag", "word_segment")
FIELDS = (*SYMBOL_FIELDS, "emo_category", "speaker_category")

_MANDARIN = """
a ai an ang ao b c ch d e ei en eng er f g h i ia ian iang iao ie ih ii in ing io iong iou j k l m n
o ong ou p q r s sh t u ua uai uan uang uei uen ueng uo v van ve vn xx z zh w y
"""
_SICHUAN = """
a ai an ang ao b c ch d e ei en eng er f g h i ia ian iang iao ie ih ii in ing ioo iong iou j k l m
n o ong ou p q r s sh t u ua uai uan uang uei uen ueng uo v van ve vn xx z zh w y ng iai io ue
"""
_ARPABET = """
aa ae ah ao aw ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh
"""
_ERHUA = """
air angr anr aor ar eir engr enr iangr ianr iaor iar ier ihr iir ingr inr iongr iour ir ongr or our
uair uangr uanr uar ueir uenr uor ur vanr ver vnr vr
"""
_EMOTIONS = """
none neutral angry disgust fear happy sad surprise calm gentle relax lyrical serious disgruntled
satisfied disappointed excited anxiety jealousy hate pity pleasure arousal dominance
"""


def _phones(syllables: str, erhua: str = "") -> tuple[str, ...]:
    """Table `sy`: phones of syllables, of zero initials, of English, of erhua; pause and breaks."""
    return (
        *(f"{name}_c" for name in syllables.split()),
        *("ga", "ge", "go"),
        *_ARPABET.split(),
        *(f"{name}_c" for name in erhua.split()),
        *("pau", "#1", "#2", "#3", "#4"),
    )


NAMES: Mapping[str, tuple[str, ...]] = {
    "sy": _phones(_MANDARIN, _ERHUA),
    "tone": ("tone1", "tone_none", "tone4", "tone2", "tone3", "tone5", "tone0"),
    "syllable_flag": ("s_begin", "s_end", "s_none", "s_both", "s_middle"),
    "word_segment": ("word_begin", "word_end", "word_middle", "word_both", "word_none"),
    "emo_category": (
        *(f"emotion_{name}" for name in _EMOTIONS.split()),
        *(f"emotion_placeholder{number}" for number in range(1, 10)),
    ),
}
LANGUAGES: Mapping[str, tuple[str, ...]] = {"PinYin": NAMES["sy"], "Sichuan": _phones(_SICHUAN)}
"""By the name in `linguistic_unit.language`: the table `sy` of those that load."""


def published_tables(
    speakers: Sequence[str], has_mask: bool = True, language: str = "PinYin"
) -> dict[str, list[str]]:
    """All six tables with their extras, names in id order."""
    extras = EXTRAS if has_mask else EXTRAS[:-1]
    names = {**NAMES, "sy": LANGUAGES[language], "speaker_category": tuple(speakers)}
    return {field: [*names[field], *extras] for field in FIELDS}


def encode_line(line: str, tables: Mapping[str, Sequence[str]]) -> dict[str, NDArray[np.int64]]:
    """Ids of one `{sy$tone$syllable_flag$word_segment$emo_category$speaker_category} ...` line.

    Returns:
        Per field [L + 1]; the last is the id of the end symbol, which the model is not given.

    Raises:
        CheckpointError: A symbol has too few fields, or a name that is not in its table.
    """
    symbols = [symbol.strip("{}").split("$") for symbol in line.split()]
    ids: dict[str, list[int]] = {field: [] for field in FIELDS}
    for symbol in [*symbols, [END] * len(FIELDS)]:
        if len(symbol) != len(FIELDS):
            raise CheckpointError(f"symbol {'$'.join(symbol)}: {len(FIELDS)} fields expected")
        for field, name in zip(FIELDS, symbol, strict=True):
            if name not in tables[field]:
                raise CheckpointError(f"symbol {'$'.join(symbol)}: no {name!r} in table {field}")
            ids[field].append(tables[field].index(name))
    return {field: np.array(values, dtype=np.int64) for field, values in ids.items()}
