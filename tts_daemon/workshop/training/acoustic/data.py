"""Sentences as tensors for the acoustic model: symbols, durations, pitch, energy, frames.

Letters: B batch, L symbols, T frames, C values a frame (80 mels, f0, voiced).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tts_daemon.workshop.training.corpus import tables
from tts_daemon.workshop.training.corpus.corpus import Corpus, Sentence
from tts_daemon.workshop.training.corpus.features import interpolate_f0, normalize_f0

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

SEMITONES = 12.0
"""In an octave; pitch is trained as log2(f0)."""
CONTOUR_CLIP = 3.0
"""Pitch and energy of a symbol are kept within this many standard deviations."""

_IDS = [
    {name: number for number, name in enumerate(table)}
    for table in (tables.SY, tables.TONE, tables.SYLLABLE_FLAG, tables.WORD_SEGMENT)
]
_EMOTIONS = {name: number for number, name in enumerate(tables.EMOTION)}


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation."""

    mean: float
    std: float

    @classmethod
    def of(cls, values: Floats) -> Moments:
        """Measure them."""
        return cls(float(values.mean()), float(values.std()))

    def normalize(self, values: Floats) -> Floats:
        """To mean 0, deviation 1, clipped."""
        scaled = (values - self.mean) / self.std
        clipped: Floats = np.clip(scaled, -CONTOUR_CLIP, CONTOUR_CLIP).astype(np.float32)
        return clipped


@dataclass(frozen=True)
class Item:
    """One sentence.

    Attributes:
        symbols: Ids of sy, tone, syllable_flag and word_segment [L, 4].
        emotion: Ids [L]; breaks have `emotion_none`.
        durations: Frames [L].
        pitch: Mean of log2(f0 / Hz) [L], not normalised.
        energy: Mean of the log level [L], not normalised.
        frames: [T, C].
        offset: Number of its first frame in the corpus.
    """

    symbols: Integers
    emotion: Integers
    durations: Integers
    pitch: Floats
    energy: Floats
    frames: Floats
    offset: int


@dataclass(frozen=True)
class Batch:
    """Sentences of about one length, padded with zeros; names as in `Item`, with B in front."""

    symbols: Tensor
    emotion: Tensor
    speaker: Tensor
    lengths: Tensor
    durations: Tensor
    pitch: Tensor
    energy: Tensor
    frames: Tensor
    offset: Tensor

    def to(self, device: str) -> Batch:
        """The same on `device`."""
        return Batch(**{name: value.to(device) for name, value in vars(self).items()})


def make_item(corpus: Corpus, sentence: Sentence) -> Item:
    """Gather one sentence from the corpus."""
    label = sentence.label
    end = sentence.offset + label.frames
    durations = np.array(label.durations, np.int64)
    f0, voiced = interpolate_f0(np.asarray(corpus.f0[sentence.offset : end]))
    log_mels = corpus.mels[sentence.offset : end].astype(np.float32)
    level = np.log(np.exp(log_mels).sum(axis=1) + 1e-4)
    columns = (label.sy, label.tone, label.syllable_flag, label.word_segment)
    return Item(
        symbols=np.array(
            [
                [ids[name] for ids, name in zip(_IDS, row, strict=True)]
                for row in zip(*columns, strict=True)
            ]
        ),
        emotion=np.array([_emotion_id(label.emotion, sy) for sy in label.sy]),
        durations=durations,
        pitch=per_symbol(np.log2(f0), durations),
        energy=per_symbol(level.astype(np.float32), durations),
        frames=np.column_stack([corpus.scale.normalize(log_mels), normalize_f0(f0), voiced]),
        offset=sentence.offset,
    )


def per_symbol(values: Floats, durations: Integers) -> Floats:
    """Means over the frames of each symbol; one without frames takes the frame where it stands."""
    ends = np.cumsum(durations)
    starts = ends - durations
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    means = (sums[ends] - sums[starts]) / np.maximum(durations, 1)
    here = values[np.minimum(starts, len(values) - 1)]
    result: Floats = np.where(durations > 0, means, here).astype(np.float32)
    return result


class ItemSource:
    """Batches of sentences of about one length."""

    def __init__(
        self,
        items: list[Item],
        pitch: Moments,
        energy: Moments,
        *,
        batch_frames: int = 2400,
        seed: int = 0,
    ) -> None:
        """`batch_frames` bounds the frames of a batch, padding included."""
        self.items, self.pitch, self.energy = items, pitch, energy
        self.batch_frames = batch_frames
        self._random = np.random.default_rng(seed)

    def epoch(self) -> Iterator[Batch]:
        """Every sentence once, in an order of its own."""
        sizes = np.array([len(item.frames) for item in self.items])
        order = np.argsort(sizes * self._random.uniform(0.9, 1.1, len(sizes)))
        groups = list(self._groups(order, sizes))
        self._random.shuffle(groups)
        for group in groups:
            yield self.collate([self.items[place] for place in group])

    def _groups(self, order: Integers, sizes: Integers) -> Iterator[list[int]]:
        group: list[int] = []
        longest = 0
        for place in order.tolist():
            longest = max(longest, int(sizes[place]))
            if group and longest * (len(group) + 1) > self.batch_frames:
                yield group
                group, longest = [], int(sizes[place])
            group.append(place)
        yield group

    def collate(self, items: list[Item]) -> Batch:
        """Pad sentences to one length."""
        symbols = max(len(item.durations) for item in items)
        frames = max(len(item.frames) for item in items)
        lengths = torch.tensor([len(item.durations) for item in items])

        def pad(rows: list[NDArray[np.generic]], total: int) -> Tensor:
            first = rows[0]
            filled = np.zeros((len(rows), total, *first.shape[1:]), first.dtype)
            for place, row in enumerate(rows):
                filled[place, : len(row)] = row
            return torch.from_numpy(filled)

        return Batch(
            symbols=pad([item.symbols for item in items], symbols),
            emotion=pad([item.emotion for item in items], symbols),
            speaker=torch.zeros(len(items), symbols, dtype=torch.int64),
            lengths=lengths,
            durations=pad([item.durations for item in items], symbols),
            pitch=pad([self.pitch.normalize(item.pitch) for item in items], symbols),
            energy=pad([self.energy.normalize(item.energy) for item in items], symbols),
            frames=pad([item.frames for item in items], frames),
            offset=torch.tensor([item.offset for item in items]),
        )


def _emotion_id(emotion: str, sy: str) -> int:
    return _EMOTIONS["emotion_none" if sy.startswith("#") else f"emotion_{emotion}"]
