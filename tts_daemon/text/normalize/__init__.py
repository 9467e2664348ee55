"""Written Chinese to spoken Chinese: digits, units, dates, names and signs become words."""

from tts_daemon.text.normalize.pipeline import Normalized, Pronunciation, normalize, steps
from tts_daemon.text.normalize.rule import SKIPPED
from tts_daemon.text.normalize.say_as import read_as

__all__ = ["SKIPPED", "Normalized", "Pronunciation", "normalize", "read_as", "steps"]
