"""The pass over everything: text to clauses that the acoustic model can read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tts_daemon.domain import Clause, PauseKind, SentenceKind, Style, Symbol
from tts_daemon.errors import TextError
from tts_daemon.ports import SoFar
from tts_daemon.text import english, english_by_chinese, markup, sentences
from tts_daemon.text.g2p import PolyphoneModel
from tts_daemon.text.lexicon import Lexicon
from tts_daemon.text.normalize import USUAL_WAYS, Ways, normalize, steps
from tts_daemon.text.passage import Passage
from tts_daemon.text.pauses import pauses
from tts_daemon.text.phrasing import Phrasing
from tts_daemon.text.prosody import ProsodyPredictor
from tts_daemon.text.reading import ProsodicWord, Word
from tts_daemon.text.sentence_kind import question_kind, sentence_kind
from tts_daemon.text.symbols import VoiceTraits, break_symbol, mark_word, syllable_symbols

log = logging.getLogger(__name__)

Warn = Callable[[str], None]


def _no_presets(name: str) -> Style:
    raise TextError(f"no preset {name!r} is configured")


class Frontend:
    """Reads Chinese text. One instance serves all voices and one thread at a time."""

    def __init__(
        self,
        lexicon: Path | None = None,
        corrections: Path | None = None,
        resolve_preset: markup.ResolvePreset = _no_presets,
        prosody: ProsodyPredictor | None = None,
        polyphones: PolyphoneModel | None = None,
        limits: sentences.Limits | None = None,
        ways: Ways = USUAL_WAYS,
    ) -> None:
        """Load the dictionaries.

        Args:
            lexicon: The user's YAML lexicon; it may come, change and go while this runs.
            corrections: Another one, which wins over it (`text.corrections`).
            resolve_preset: Looks up `[preset=name]` inside a text.
            prosody: In the place of the rules for prosodic words.
            polyphones: Asked for polyphones that neither dictionary nor rule decides.
            limits: How long clauses may be.
            ways: What is said where more than one reading is right.
        """
        self._phrasing = Phrasing(prosody, polyphones)
        self._lexicon = Lexicon(*filter(None, (lexicon, corrections)))
        self._resolve_preset = resolve_preset
        self._limits = limits or sentences.Limits()
        self._ways = ways

    def read(
        self,
        text: str,
        style: Style | None = None,
        traits: VoiceTraits | Callable[[Style], VoiceTraits] | None = None,
        warn: Warn = log.warning,
        so_far: SoFar | None = None,
    ) -> Iterator[Clause]:
        """Yield the clauses of a text one by one, so that the first can be spoken at once.

        Any string is read; what cannot be (broken markup, unknown presets) is warned of.

        Args:
            text: Plain text, text with tags, or SSML.
            style: How it sounds where no tag says otherwise.
            traits: What the voice can say; or, where tags may change it, what each style's can.
            warn: Called with each warning; logs by default.
            so_far: Where earlier stretches of the same text have left off.
        """
        if self._lexicon.refresh(warn):
            self._phrasing.learn(self._lexicon.readings)
        so_far = so_far or SoFar()
        base = style or Style()
        for passage in markup.parse(text, base, self._resolve_preset, warn, so_far):
            for part in sentences.split(passage, self._limits, first=not so_far.is_begun):
                so_far.is_begun = so_far.is_begun or bool(part.text)
                if part.pause_before_s:
                    yield _silence(part)
                can_say = traits(part.style) if callable(traits) else traits
                clause = self._clause(part, can_say or VoiceTraits())
                if clause.symbols:
                    yield clause

    def _clause(self, part: Passage, traits: VoiceTraits) -> Clause:
        written, pronunciations = self._lexicon.rewrite(part.text, part.pronunciations)
        spoken = normalize(written, pronunciations, self._ways)
        group = self._phrasing.read(spoken.text, spoken.pronunciations)
        clause = _clause(part.text, spoken.text, group, part.style, traits)
        if part.ends_paragraph:
            clause = replace(clause, pauses=(*clause.pauses[:-1], PauseKind.PARAGRAPH))
        return replace(clause, dropped=spoken.dropped) if spoken.dropped else clause

    def clause(self, text: str, spoken: str, style: Style, traits: VoiceTraits) -> Clause:
        """Read one clause whose spoken form is known, without markup and normalisation."""
        return _clause(text, spoken, self._phrasing.read(spoken), style, traits)

    def stages(self, text: str) -> Iterator[tuple[str, str]]:
        """What a clause becomes on its way to spoken text: a rule, and the text after it."""
        written, _ = self._lexicon.rewrite(text, ())
        if written != text:
            yield "lexicon", written
        yield from steps(written, self._ways)

    def dictionary_words(self, spoken: str) -> list[tuple[str, str, str]]:
        """Words of spoken text with parts of speech (jieba's tags) and lexical pinyin."""
        words = self._phrasing.dictionary_words(spoken)
        return [(word.text, word.pos, " ".join(map(str, word.syllables))) for word in words]

    def words_and_breaks(self, text: str) -> list[tuple[str, int]]:
        """Prosodic words of one sentence with the level of the break after each."""
        group = self._phrasing.read(normalize(text).text)
        return [(item.text, item.break_level) for item in group]


def _clause(
    text: str, spoken: str, group: list[ProsodicWord], style: Style, traits: VoiceTraits
) -> Clause:
    kind = sentence_kind(spoken)
    words = [word for item in group for word in item.words]
    return Clause(
        text=text,
        spoken=spoken,
        words=tuple(item.text for item in group),
        pinyin=tuple(syllable for item in group for syllable in item.pinyin),
        breaks=tuple(item.break_level for item in group),
        symbols=tuple(_symbols(group, traits)),
        style=style,
        kind=kind,
        question=question_kind(spoken, words) if kind is SentenceKind.QUESTION else None,
        pauses=pauses(text, spoken, group),
    )


def _silence(part: Passage) -> Clause:
    return Clause("", "", (), (), (), (), part.style, part.pause_before_s)


def _symbols(group: list[ProsodicWord], traits: VoiceTraits) -> Iterator[Symbol]:
    for item in group:
        yield from mark_word([phone for word in item.words for phone in _phones(word, traits)])
        yield break_symbol(item.break_level)


def _phones(word: Word, traits: VoiceTraits) -> Iterator[Symbol]:
    if word.is_latin and traits.arpabet:
        yield from english.word_symbols(word.text)
        return
    syllables = english_by_chinese.syllables(word.text) if word.is_latin else word.syllables
    for syllable in syllables:
        yield from syllable_symbols(syllable, traits)
