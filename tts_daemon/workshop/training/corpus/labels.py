"""The teacher's labels in our symbols: trimmed, split into sentences, with words and breaks.

A record of `labels.jsonl` is as `recording.py` writes it. Older ones have numbers for tones, and
`words` (places in the teacher's words) for `flags` and `segments`: their breaks are found again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

LEAD_IN_FRAMES = 2
"""Silence kept before the first phone, as part of it: the voice then starts softly."""
FINAL_PAUSE_FRAMES = 20
"""Silence kept after the last phone (0.25 s)."""
LONGEST_PHONE_FRAMES = 64
"""A phone longer than 0.8 s is a slip of the teacher: its sentence is left out."""

WordsOf = Callable[[str], Sequence[tuple[str, int]] | None]
"""Text -> prosodic words, each with the level of the break after it; None: it cannot say."""


@dataclass(frozen=True)
class Label:
    """One sentence as the acoustic model is trained on it.

    Attributes:
        name: Of the recording.
        emotion: Without the `emotion_` prefix.
        sy, tone, syllable_flag, word_segment: One name per symbol, from the published tables.
        durations: Frames per symbol; a break without a pause has 0.
        start_frame, end_frame: Where the sentence lies in its recording.
    """

    name: str
    text: str
    emotion: str
    sy: list[str]
    tone: list[str]
    syllable_flag: list[str]
    word_segment: list[str]
    durations: list[int]
    start_frame: int
    end_frame: int

    @property
    def frames(self) -> int:
        """Length in frames."""
        return self.end_frame - self.start_frame

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Syllable:
    initial: str
    final: str
    tone: int
    durations: tuple[int, int]
    word_code: int


@dataclass(frozen=True)
class _Pause:
    level: int
    frames: int


_Item = _Syllable | _Pause


def labels_of(record: dict[str, Any], words_of: WordsOf) -> Iterator[Label]:
    """Yield the sentences of one recording; a sentence ends at `#4`."""
    if "segments" in record:
        yield _as_recorded(record)
        return
    items = list(_items(record))
    characters = "".join(c for c in record["text"] if "\u4e00" <= c <= "\u9fff")
    if sum(isinstance(item, _Syllable) for item in items) != len(characters):
        return
    levels = _break_levels(record["text"], characters, items, words_of)
    frame = int(record["durations"][0])
    used = 0
    sentence: list[_Item] = []
    lead_in = min(LEAD_IN_FRAMES, frame)
    for item in items:
        sentence.append(item)
        if isinstance(item, _Pause) and item.level == 4:
            syllables = sum(isinstance(x, _Syllable) for x in sentence)
            if syllables:
                yield _label(record, sentence, levels[used : used + syllables], frame, lead_in)
            used += syllables
            frame += sum(_frames(x) for x in sentence)
            lead_in = min(LEAD_IN_FRAMES, max(0, item.frames - FINAL_PAUSE_FRAMES))
            sentence = []


def _as_recorded(record: dict[str, Any]) -> Label:
    before, *durations = record["durations"]
    lead_in = min(LEAD_IN_FRAMES, before)
    durations[0] += lead_in
    durations[-1] = min(durations[-1], FINAL_PAUSE_FRAMES)
    return Label(
        name=record["file"],
        text=record["text"],
        emotion=record["emotion"],
        sy=record["phones"][1:],
        tone=record["tones"][1:],
        syllable_flag=record["flags"][1:],
        word_segment=record["segments"][1:],
        durations=durations,
        start_frame=before - lead_in,
        end_frame=before - lead_in + sum(durations),
    )


def usable(label: Label) -> bool:
    """Whether a sentence is free of the teacher's slips."""
    phones = (d for s, d in zip(label.sy, label.durations, strict=True) if not s.startswith("#"))
    return all(0 < d <= LONGEST_PHONE_FRAMES for d in phones)


def _frames(item: _Item) -> int:
    return item.frames if isinstance(item, _Pause) else sum(item.durations)


def _items(record: dict[str, Any]) -> Iterator[_Item]:
    phones, tones = record["phones"], record["tones"]
    words, durations = record["words"], record["durations"]
    place = 1
    while place < len(phones):
        if phones[place].startswith("#"):
            yield _Pause(int(phones[place][1:]), durations[place])
            place += 1
            continue
        yield _Syllable(
            phones[place],
            phones[place + 1],
            tones[place],
            (durations[place], durations[place + 1]),
            words[place],
        )
        place += 2


def _break_levels(
    text: str, characters: str, items: Sequence[_Item], words_of: WordsOf
) -> list[int]:
    """The break after each syllable: 0 inside a word."""
    words = words_of(text)
    if words is None or "".join(word for word, _ in words) != characters:
        codes = [item.word_code for item in items if isinstance(item, _Syllable)]
        return [int(code in (0, 3)) for code in codes]
    levels: list[int] = []
    for word, level in words:
        levels += [0] * (len(word) - 1) + [min(level, 3)]
    return levels


def _label(
    record: dict[str, Any], items: Sequence[_Item], levels: Sequence[int], frame: int, lead_in: int
) -> Label:
    sy: list[str] = []
    tone: list[str] = []
    flag: list[str] = []
    durations: list[int] = []

    def add_break(level: int, frames: int) -> None:
        sy.append(f"#{level}")
        tone.append("tone_none")
        flag.append("s_none")
        durations.append(frames)

    rest = iter(levels)
    for place, item in enumerate(items):
        if isinstance(item, _Pause):
            frames = min(item.frames, FINAL_PAUSE_FRAMES) if item.level == 4 else item.frames
            add_break(item.level, frames)
            continue
        sy += [item.initial, item.final]
        tone += [f"tone{item.tone}"] * 2
        flag += ["s_begin", "s_end"]
        durations += item.durations
        level = next(rest)
        if level and isinstance(items[place + 1], _Syllable):
            add_break(level, 0)
    durations[0] += lead_in
    return Label(
        name=record["file"],
        text=record["text"],
        emotion=record["emotion"],
        sy=sy,
        tone=tone,
        syllable_flag=flag,
        word_segment=_word_segments(sy),
        durations=durations,
        start_frame=frame - lead_in,
        end_frame=frame - lead_in + sum(durations),
    )


def _word_segments(sy: Sequence[str]) -> list[str]:
    """A word is what stands between two breaks."""
    segments = []
    for place, name in enumerate(sy):
        first = place == 0 or sy[place - 1].startswith("#")
        last = place + 1 == len(sy) or sy[place + 1].startswith("#")
        if name.startswith("#"):
            segments.append("word_none")
        elif first and last:
            segments.append("word_both")
        else:
            segments.append("word_begin" if first else "word_end" if last else "word_middle")
    return segments
