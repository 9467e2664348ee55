"""The doorway to g2pM (extra `[g2p]`): a small network for polyphones that no rule decides.

It knows rare characters in names and old texts better than the tables (97 % against 92 %), and
frequent ones worse than the rules: `g2p` asks it last. It costs 4 ms a sentence and 25 MB.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from tts_daemon.extras import importing

# Everyday characters, which the rules and the dictionary read better, counted on the development
# set of CPP; the network is not asked for them.
_LEFT_TO_RULES = frozenset(
    "角应都尽干处弄斗弹削磨夹剥仇幢胖逮哄挨肖豁阏揣刨的地得了着过还只种行长重数为乐空没发便背倒教觉"
    "子铺似蒙曲燕弟么量转场系看好大中分正作当相间少难将强假结给和会把别差待参传吓血露熟色塞调卷囤曝嚼藏挑嗯柏"
)


class G2pmModel:
    """A `PolyphoneModel`; loads itself when it is asked for the first time."""

    def __init__(self) -> None:
        """Raises MissingExtraError when g2pM is not installed."""
        with importing("g2p", "text.polyphones"):
            from g2pM import G2pM
        self._make = G2pM

    @cached_property
    def _model(self) -> Any:
        return self._make()

    def is_polyphone(self, char: str) -> bool:
        """Whether the network was trained on the character's readings, and is better than rules."""
        return char not in _LEFT_TO_RULES and len(self._model.cedict.get(char, ())) > 1

    def readings(self, text: str) -> list[str]:
        """One syllable for each character of a Chinese text; empty where it has none."""
        found = self._model(text, tone=True, char_split=True)
        if len(found) != len(text):
            return [""] * len(text)
        return [item.replace("u:", "v") if item[-1:] in "12345" else "" for item in found]
