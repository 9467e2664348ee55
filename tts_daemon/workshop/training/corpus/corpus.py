"""The corpus as the trainers read it: recordings decoded once, features beside them.

A cache directory holds `waves.npy` int16 [T x hop], `mels.npy` float16 [T, n_mels] (natural log),
`f0.npy` float32 [T], `scale.json` and `sentences.json` (labels with their place in the arrays).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.training.corpus.alignment import aligned, voiced_f0, with_heard_pauses
from tts_daemon.workshop.training.corpus.features import (
    HOP_LENGTH,
    SAMPLE_RATE,
    MelScale,
    MelSpectrogram,
)
from tts_daemon.workshop.training.corpus.labels import Label, WordsOf, labels_of, usable

HELD_OUT_EVERY = 75
"""Every 75th sentence is never trained on."""


@dataclass(frozen=True)
class Colour:
    """What an emotion changes beyond the teacher's own f0 and rate, which are all that it can vary.

    Attributes:
        gain_db: Loudness.
        tilt: Of the first difference: above 0 brighter (strained), below 0 darker (soft).
    """

    gain_db: float = 0.0
    tilt: float = 0.0


COLOURS = {
    "angry": Colour(3.0, 0.3),
    "excited": Colour(1.5, 0.15),
    "happy": Colour(0.5, 0.1),
    "gentle": Colour(-2.5, -0.15),
    "sad": Colour(-3.0, -0.2),
}


@dataclass(frozen=True)
class Sentence:
    """A label and where its frames lie in the arrays."""

    label: Label
    offset: int


@dataclass(frozen=True)
class Corpus:
    """Memory-mapped arrays and the sentences in them."""

    waves: NDArray[np.int16]
    mels: NDArray[np.float16]
    f0: NDArray[np.float32]
    scale: MelScale
    sentences: list[Sentence]

    def split(self) -> tuple[list[Sentence], list[Sentence]]:
        """Sentences to train on, and those held out."""
        held_out = self.sentences[::HELD_OUT_EVERY]
        return [s for i, s in enumerate(self.sentences) if i % HELD_OUT_EVERY], held_out

    def normalized_mels(self, sentence: Sentence) -> NDArray[np.float32]:
        """Normalised mels of a sentence, [T, n_mels]."""
        end = sentence.offset + sentence.label.frames
        return self.scale.normalize(self.mels[sentence.offset : end].astype(np.float32))


def colour(waveform: NDArray[np.float32], emotion: str) -> NDArray[np.float32]:
    """Apply an emotion's loudness and tilt; the loudness before the gain stays the same.

    Args:
        waveform: [N], -1 to 1.
    """
    chosen = COLOURS.get(emotion)
    if chosen is None:
        return waveform
    tilted = waveform.copy()
    tilted[1:] -= chosen.tilt * waveform[:-1]
    level = float(np.sqrt(np.mean(waveform**2)) / max(1e-6, np.sqrt(np.mean(tilted**2))))
    louder = tilted * level * 10.0 ** (chosen.gain_db / 20.0)
    limited: NDArray[np.float32] = louder * min(1.0, 0.97 / max(1e-6, float(np.abs(louder).max())))
    return limited.astype(np.float32, copy=False)


def build(
    sources: Sequence[Path],
    target: Path,
    words_of: WordsOf,
    report: Callable[[str], None],
    scale: MelScale | None = None,
) -> None:
    """Decode recordings into a cache directory.

    Args:
        sources: Folders, each with labels.jsonl and FLAC files.
        target: The cache directory.
        words_of: Finds the words of older records.
        report: Told how far it is.
        scale: Of an earlier cache, when networks go on that were trained with it.
    """
    target.mkdir(parents=True, exist_ok=True)
    waves: list[NDArray[np.int16]] = []
    mels: list[NDArray[np.float16]] = []
    f0: list[NDArray[np.float32]] = []
    sentences: list[dict[str, Any]] = []
    spectrogram = MelSpectrogram()
    offset = 0
    for count, (source, stored) in enumerate(_records(sources)):
        record, silence = aligned(stored)
        spoken = np.pad(_decode(source / record["file"]), (silence * HOP_LENGTH, 0))
        record = with_heard_pauses(record, spoken)
        samples = colour(spoken, record["emotion"])
        with torch.no_grad():
            mel = spectrogram(torch.from_numpy(samples)[None])[0].T.numpy()
        waves.append((samples * 32767.0).astype(np.int16))
        mels.append(mel.astype(np.float16))
        f0.append(voiced_f0(samples, np.asarray(record["f0"], np.float32)))
        for label in filter(usable, labels_of(record, words_of)):
            place = offset + label.start_frame
            sentences.append({"offset": place, "label": label.as_dict()})
        offset += len(mel)
        if count % 500 == 0:
            report(f"features: {count} recordings")
    np.save(target / "waves.npy", np.concatenate(waves))
    np.save(target / "mels.npy", np.concatenate(mels))
    np.save(target / "f0.npy", np.concatenate(f0))
    scale = scale or MelScale.measure(np.concatenate(mels).astype(np.float32))
    scale.save(target / "scale.json")
    (target / "sentences.json").write_text(json.dumps(sentences, ensure_ascii=False))
    report(
        f"features: {len(sentences)} sentences, {offset * HOP_LENGTH / SAMPLE_RATE / 60:.0f} min"
    )


def load(cache: Path) -> Corpus:
    """Open a cache directory.

    Raises:
        CheckpointError: It was not built.
    """
    if not (cache / "sentences.json").is_file():
        raise CheckpointError(
            f"{cache}: no corpus cache; run scripts/train-voice from its first step"
        )
    stored = json.loads((cache / "sentences.json").read_text())
    return Corpus(
        waves=np.load(cache / "waves.npy", mmap_mode="r"),
        mels=np.load(cache / "mels.npy", mmap_mode="r"),
        f0=np.load(cache / "f0.npy", mmap_mode="r"),
        scale=MelScale.load(cache / "scale.json"),
        sentences=[Sentence(Label(**entry["label"]), entry["offset"]) for entry in stored],
    )


def _records(sources: Sequence[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for source in sources:
        with (source / "labels.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                yield source, json.loads(line)


def _decode(path: Path) -> NDArray[np.float32]:
    samples, rate = soundfile.read(path, dtype="float32")
    if samples.ndim != 1:
        raise CheckpointError(f"{path}: one channel is needed, it has {samples.shape[1]}")
    whole = len(samples) * SAMPLE_RATE // rate
    resampled = soxr.resample(samples, rate, SAMPLE_RATE) if rate != SAMPLE_RATE else samples
    fitted: NDArray[np.float32] = np.pad(resampled, (0, max(0, whole - len(resampled))))[:whole]
    return np.ascontiguousarray(fitted)
