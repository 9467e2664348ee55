"""Written Chinese to spoken Chinese: digits, units, dates, names and signs become words."""

from tts_daemon.text.normalize.pipeline import (
    USUAL_WAYS,
    Normalized,
    Pronunciation,
    Ways,
    normalize,
    steps,
)
from tts_daemon.text.normalize.rule import SKIPPED
from tts_daemon.text.normalize.say_as import read_as

__all__ = [
    "SKIPPED",
    "USUAL_WAYS",
    "Normalized",
    "Pronunciation",
    "Ways",
    "normalize",
    "read_as",
    "steps",
]
