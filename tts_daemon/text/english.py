"""English words and letters to symbols."""

from __future__ import annotations

from tts_daemon.domain import Symbol
from tts_daemon.text.g2p import parse_syllable
from tts_daemon.text.symbols import VoiceTraits, syllable_symbols

# Names of the letters in Chinese syllables, as they are said in Chinese speech.
LETTERS = {
    "a": "ei1", "b": "bi4", "c": "xi1", "d": "di4", "e": "yi4", "f": "ai2 fu5", "g": "ji4", "h": "ai2 chi5",
    "i": "ai4", "j": "zhei4", "k": "kei4", "l": "ai2 lou5", "m": "ai2 mu5", "n": "en1", "o": "ou1",
    "p": "pi4", "q": "kiu1", "r": "ar4", "s": "ai2 si5", "t": "ti4", "u": "you1", "v": "wei1",
    "w": "da2 bu5 liu5", "x": "ai2 ke5 si5", "y": "wai4", "z": "zei4",
}  # fmt: skip
LETTERS |= {"q": "kei1 you5", "r": "a4", "u": "you1"}


def word_symbols(word: str, traits: VoiceTraits) -> list[Symbol]:
    """Phones of an English word."""
    names = " ".join(LETTERS[char] for char in word.lower() if char in LETTERS)
    syllables = [parse_syllable(name, name) for name in names.split()]
    return [symbol for item in syllables for symbol in syllable_symbols(item, traits)]
