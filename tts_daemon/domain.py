"""Frozen values that cross the borders between packages, without behaviour of their own."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


class Priority(StrEnum):
    """Names and meaning of speech-dispatcher, most urgent first."""

    IMPORTANT = "important"
    MESSAGE = "message"
    TEXT = "text"
    NOTIFICATION = "notification"
    PROGRESS = "progress"


class Policy(StrEnum):
    """What an utterance does to those that came before it."""

    QUEUE = "queue"
    INTERRUPT = "interrupt"
    REPLACE = "replace"
    DROP_IF_BUSY = "drop_if_busy"


@dataclass(frozen=True, slots=True)
class Style:
    """How an utterance sounds, with every choice made (preset, overrides and defaults merged).

    Attributes:
        voice: Name of an installed voice package; empty for the configured default.
        emotion: Name without the `emotion_` prefix, for example `happy`.
        intensity: Distance from neutral to the emotion, 0 (neutral) to 2 (exaggerated).
        speed: Factor on the speaking rate, 0.5 to 2.
        pitch: Shift in semitones, -12 to 12.
        energy: Vocal effort in standard deviations of the training data, -2 to 2.
        volume: Loudness in percent of full scale, 0 to 100.
        pause: Factor on the pauses at punctuation, 0 to 4.
        chime: Name of the sound played before the speech; empty for none.
    """

    voice: str = ""
    emotion: str = "neutral"
    intensity: float = 1.0
    speed: float = 1.0
    pitch: float = 0.0
    energy: float = 0.0
    volume: float = 100.0
    pause: float = 1.0
    chime: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """What a number may be: from `least` to `most`, both included."""

    least: float
    most: float
    unit: str

    def clamp(self, value: float) -> float:
        """The nearest value that it may be."""
        return min(max(value, self.least), self.most)


FORMER_VOICES = {"xiaoyu": "wuyin"}
"""Names that voices had in earlier versions, and have now; to go with the next one."""


def voice_name(name: str) -> str:
    """The name that a voice has now."""
    return FORMER_VOICES.get(name, name)


STYLE_RANGES = {
    "intensity": Range(0.0, 2.0, "times"),
    "speed": Range(0.5, 2.0, "times"),
    "pitch": Range(-12.0, 12.0, "semitones"),
    "energy": Range(-2.0, 2.0, "standard deviations"),
    "volume": Range(0.0, 100.0, "percent of full scale"),
    "pause": Range(0.0, 4.0, "times"),
}
"""The numbers of a `Style`, by name."""

MAX_NAME_CHARACTERS = 128
"""Limit of a request's id, key and preset."""
MAX_TTL_S = 1e9
"""Limit of a request's ttl_s: thirty years."""


@dataclass(frozen=True, slots=True)
class SpeakRequest:
    """One utterance as a door accepted it.

    Attributes:
        text: What to speak, with or without markup; empty while it is still being written.
        id: The sender's name for it, or one of ours; a redelivered id is spoken once.
        preset: Name in the configuration; None for the current default preset.
        overrides: Fields of `Style` that the sender set, by name.
        key: Requests with one key replace each other under `Policy.REPLACE` (default: the id).
        ttl_s: Seconds after `created_s` at which the text is too old to be spoken; None for never.
        created_s: Wall-clock time of acceptance (Unix seconds).
        source: The door it came in by: socket, mqtt, hermes, http, wyoming, daemon.
        keep: Its sound stays in the phrase cache; set for configured phrases only.
    """

    text: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    preset: str | None = None
    overrides: dict[str, str | float] = field(default_factory=dict)
    priority: Priority = Priority.TEXT
    policy: Policy = Policy.QUEUE
    key: str | None = None
    ttl_s: float | None = None
    created_s: float = field(default_factory=time.time)
    source: str = "daemon"
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """One input of the acoustic model, in the words of the published symbol tables.

    Attributes:
        sy: Phone or break: `b_c`, `iang_c`, `#3`, or an ARPAbet phone such as `ah`.
        tone: `tone1` to `tone5`, `tone0` (unstressed ARPAbet vowel) or `tone_none` (breaks).
        syllable_flag: `s_begin`, `s_middle`, `s_end`, `s_both` or `s_none`.
        word_segment: `word_begin`, `word_middle`, `word_end`, `word_both` or `word_none`.
    """

    sy: str
    tone: str
    syllable_flag: str
    word_segment: str


class SentenceKind(StrEnum):
    """What a sentence does with what it says."""

    STATEMENT = "statement"
    QUESTION = "question"
    EXCLAMATION = "exclamation"


class QuestionKind(StrEnum):
    """What tells a listener that a sentence asks.

    An unmarked question is told by its melody alone; the words of the others ask by themselves.
    """

    UNMARKED = "unmarked"
    PARTICLE = "particle"
    WH_WORD = "wh_word"
    CHOICE = "choice"


class PauseKind(StrEnum):
    """What asks for a pause, the shortest first; `NONE`: no mark does."""

    NONE = "none"
    ENUMERATION = "enumeration"
    COMMA = "comma"
    SEMICOLON = "semicolon"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


INNER_PAUSES = frozenset((PauseKind.ENUMERATION, PauseKind.COMMA, PauseKind.SEMICOLON))
"""After these the sentence goes on."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What one synthesis step takes: a stretch of text with one style, and how it is read.

    Attributes:
        text: As written.
        spoken: As read aloud, in characters (`26.5℃` -> `二十六点五摄氏度`).
        words: Prosodic words of `spoken`, without punctuation.
        pinyin: Surface syllables with tone digit 1-5 (`ni2 hao3`); English words in upper case.
        breaks: One level 1-4 per word: the break that follows it.
        symbols: The acoustic model's input; ends with its break. Empty for a mere pause.
        style: How it sounds (tags inside the text may change it from clause to clause).
        pause_after_s: Silence to add after it, beyond what the model itself makes, in seconds.
        kind: What the sentence does that ends with this clause; the clauses before the last one of
            a sentence are statements: their melody goes on.
        question: What makes it a question (`你去？` unmarked, `你去吗？` particle, `谁去？`
            wh-word, `去不去？` choice); None unless `kind` is a question.
        dropped: Letters and characters of `text` that no table can read; they are not in `spoken`.
        pauses: What follows each word: one kind per break, or nothing at all when nobody knows.
    """

    text: str
    spoken: str
    words: tuple[str, ...]
    pinyin: tuple[str, ...]
    breaks: tuple[int, ...]
    symbols: tuple[Symbol, ...]
    style: Style
    pause_after_s: float = 0.0
    kind: SentenceKind = SentenceKind.STATEMENT
    question: QuestionKind | None = None
    dropped: tuple[str, ...] = ()
    pauses: tuple[PauseKind, ...] = ()


@dataclass(frozen=True, slots=True)
class MelChunk:
    """A piece of a clause's mel, in order.

    Attributes:
        frames: float32 [n, C], n > 0: mel bands, then f0 and voiced where the voice has them.
        last: True for the clause's last piece.
    """

    frames: NDArray[np.float32]
    last: bool


LOCAL, REMOTE, BOTH = "local", "remote", "both"
"""Who has spoken: this machine's voice, another one's, or one after the other."""


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of waveform, in the order in which it is to be heard.

    Attributes:
        samples: float32 [N], -1 to 1, one channel.
        sample_rate: Samples per second.
        clause: Index of the clause that it belongs to, from 0.
        volume: Percent of full scale, 0 to 100, to be applied at playback.
        recalled: It comes from the phrase cache, and says nothing about the speed of synthesis.
        spoken_by: `LOCAL` or `REMOTE`; empty where there is no other machine's voice.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    clause: int = 0
    volume: float = 100.0
    recalled: bool = False
    spoken_by: str = ""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True, slots=True)
class ClauseSound:
    """One clause as a voice makes it, before anything is done to its pauses and its edges.

    Attributes:
        fingerprint: Of the voice: the same where the sound would be the same.
        sample_rate: Samples per second.
        hop_length: Samples per frame.
        frames: Of each symbol: where it begins and ends in the sound.
        chunks: The sound, as it is made.
    """

    fingerprint: str
    sample_rate: int
    hop_length: int
    frames: tuple[int, ...]
    chunks: Iterator[AudioChunk]


class EventType(StrEnum):
    """What has happened to an utterance; past tense."""

    QUEUED = "queued"
    STARTED = "started"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"
    DUPLICATE = "duplicate"
    """Its id was accepted before; nothing is spoken."""


FINAL = frozenset({EventType.FINISHED, EventType.CANCELLED, EventType.EXPIRED, EventType.FAILED})
"""Every accepted utterance ends in exactly one of these."""
OUTCOMES = FINAL | {EventType.DUPLICATE}
"""What a sender who waits may be told at last."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an utterance; an accepted one ends in exactly one final event.

    Attributes:
        id: The utterance's id; empty when a request was too broken to have one.
        position: Place in the queue, 0 = next (queued).
        first_audio_ms: From the start of synthesis to the first sample for the device (finished).
        audio_ms: Length of the speech (finished).
        real_time_factor: Synthesis time / audio time (finished).
        reason: Why: words (cancelled, expired, duplicate), or the name of an error (failed).
        message: What went wrong, for people (failed).
        warnings: What the text asked for and could not have (finished).
        source: The door the request came in by.
        text: How it begins, for people who watch; a door tells it only where that is asked for.
        spoken_by: `LOCAL`, `REMOTE` or `BOTH`, where there is another machine's voice (finished).
    """

    event_type: EventType
    id: str
    position: int | None = None
    first_audio_ms: float | None = None
    audio_ms: float | None = None
    real_time_factor: float | None = None
    reason: str | None = None
    message: str | None = None
    source: str = ""
    warnings: tuple[str, ...] = ()
    text: str = ""
    spoken_by: str | None = None


class PlayerState(StrEnum):
    """What the daemon is doing, as published."""

    IDLE = "idle"
    SPEAKING = "speaking"
    PAUSED = "paused"
    NO_AUDIO = "no_audio"
