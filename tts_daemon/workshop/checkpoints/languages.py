"""Which languages published models speak: told by their names, before the download."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMES = {
    "sichuan": "Sichuanese",
    "zhhk": "Cantonese",
    "cantonese": "Cantonese",
    "wuushanghai": "Shanghainese",
    "shanghai": "Shanghainese",
    "english": "English",
    "englishus": "English",
    "british": "English",
    "enus": "English",
    "engb": "English",
    "italian": "Italian",
    "itit": "Italian",
    "spanish": "Spanish",
    "eses": "Spanish",
    "russian": "Russian",
    "ruru": "Russian",
    "korean": "Korean",
    "kokr": "Korean",
    "japanese": "Japanese",
    "german": "German",
    "french": "French",
    "indonesian": "Indonesian",
    "filipino": "Filipino",
    "chuangirl": "Sichuanese",
    "jiajia": "Cantonese",
    "kyong": "Korean",
}
"""What a model's id, files or configuration name, without hyphens -> the language spoken."""


def foreign(names: Iterable[str]) -> str | None:
    """The language that one of some names tells of, where it is not Mandarin; None where none does.

    Args:
        names: A model's id, and the paths of its files.
    """
    for name in names:
        for part in re.split(r"[/_.\s]+", name):
            known = _NAMES.get(part.replace("-", "").lower())
            if known:
                return known
    return None


def refusal(language: str) -> str:
    """Why a language cannot be spoken, in one line.

    Args:
        language: As a configuration or a file names it, or its own name.
    """
    name = foreign([language]) or language
    return (
        f"{name}: missing is a front end that reads {name} into the symbols of its models;"
        " only Mandarin (PinYin) is read"
    )
