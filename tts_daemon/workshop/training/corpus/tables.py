"""The symbol tables of the embedded voice: the published ones, names in id order."""

from __future__ import annotations

from tts_daemon.workshop.checkpoints.symbols import FIELDS, published_tables

_TABLES = published_tables(["F7"])
SY, TONE, SYLLABLE_FLAG, WORD_SEGMENT, EMOTION, SPEAKER = (_TABLES[field] for field in FIELDS)
