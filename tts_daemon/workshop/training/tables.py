"""The published symbol tables, names in id order.

Source: the symbol tables of the published voices, which all share them.
"""

from __future__ import annotations

_END = ["_", "~", "@[MASK]"]

_FINALS = """
a ai an ang ao b c ch d e ei en eng er f g h i ia ian iang iao ie ih ii in ing io iong iou j k l m n
o ong ou p q r s sh t u ua uai uan uang uei uen ueng uo v van ve vn xx z zh w y
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
satisfied disappointed excited anxiety jealousy hate pity pleasure arousal dominance placeholder1
placeholder2 placeholder3 placeholder4 placeholder5 placeholder6 placeholder7 placeholder8
placeholder9
"""

SY = [
    *(f"{name}_c" for name in _FINALS.split()),
    *("ga", "ge", "go"),
    *_ARPABET.split(),
    *(f"{name}_c" for name in _ERHUA.split()),
    *("pau", "#1", "#2", "#3", "#4"),
    *_END,
]
TONE = ["tone1", "tone_none", "tone4", "tone2", "tone3", "tone5", "tone0", *_END]
SYLLABLE_FLAG = ["s_begin", "s_end", "s_none", "s_both", "s_middle", *_END]
WORD_SEGMENT = ["word_begin", "word_end", "word_middle", "word_both", "word_none", *_END]
EMOTION = [*(f"emotion_{name}" for name in _EMOTIONS.split()), *_END]
SPEAKER = ["F7", *_END]
