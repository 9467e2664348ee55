"""The segmenter's name, answered by its WebAssembly build (module `page`: reader-worker.js)."""

import page


def add_word(word, frequency=None, pos=None):
    """Add a word; without a frequency one that makes it one word."""
    page.addWord(word, -1 if frequency is None else frequency, pos or "")


def suggest_freq(word):
    """None: `add_word` finds it by itself."""


def has_word(word):
    """Whether the dictionary has it: then it is among the words of itself."""
    return page.hasWord(word)


def tag(text, hmm=True):
    """Words with parts of speech."""
    return [tuple(pair) for pair in page.tag(text, hmm)]
