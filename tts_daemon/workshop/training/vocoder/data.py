"""Random crops for the vocoder: normalised mels, f0 and voicing in, the waveform out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.training.corpus.corpus import Corpus, Sentence
from tts_daemon.workshop.training.corpus.features import HOP_LENGTH, interpolate_f0


@dataclass(frozen=True)
class Crops:
    """A batch: mel [B, n_mels, T], f0 in Hz [B, T], voiced [B, T], waveform [B, T x hop]."""

    mel: Tensor
    f0: Tensor
    voiced: Tensor
    waveform: Tensor

    def to(self, device: str) -> Crops:
        """The same on `device`."""
        return Crops(**{name: value.to(device) for name, value in vars(self).items()})


class CropSource:
    """Draws crops from sentences, each frame as likely as any other."""

    def __init__(
        self,
        corpus: Corpus,
        sentences: list[Sentence],
        *,
        predicted: Path | None = None,
        seed: int = 0,
    ) -> None:
        """`predicted`: an array like the corpus' mels, but normalised, used in their place."""
        self.corpus = corpus
        self.sentences = sentences
        frames = np.array([s.label.frames for s in sentences], np.float64)
        self._shares = np.cumsum(frames) / frames.sum()
        self._longest = int(frames.max())
        self._random = np.random.default_rng(seed)
        self._predicted = None if predicted is None else np.load(predicted, mmap_mode="r")

    def draw(self, count: int, frames: int) -> Crops:
        """Take `count` crops of `frames` frames."""
        mels: list[NDArray[np.float32]] = []
        f0s: list[NDArray[np.float32]] = []
        voiceds: list[NDArray[np.float32]] = []
        waves: list[NDArray[np.float32]] = []
        for begin in self.places(count, frames):
            f0, voiced = interpolate_f0(np.asarray(self.corpus.f0[begin : begin + frames]))
            mels.append(self._mels(begin, begin + frames).T)
            f0s.append(f0)
            voiceds.append(voiced)
            waves.append(waveform_of(self.corpus, begin, begin + frames))
        tensors = (torch.from_numpy(np.stack(rows)) for rows in (mels, f0s, voiceds, waves))
        return Crops(*tensors)

    def places(self, count: int, frames: int) -> list[int]:
        """First frames, in the whole corpus, of `count` crops of `frames` frames.

        Raises:
            CheckpointError: Every sentence is shorter than that.
        """
        if frames > self._longest:
            raise CheckpointError(
                f"no sentence of the corpus has {frames} frames; record longer ones"
            )
        begins: list[int] = []
        while len(begins) < count:
            sentence = self.sentences[int(np.searchsorted(self._shares, self._random.random()))]
            room = sentence.label.frames - frames
            if room >= 0:
                begins.append(sentence.offset + int(self._random.integers(room + 1)))
        return begins

    def _mels(self, begin: int, end: int) -> NDArray[np.float32]:
        if self._predicted is not None:
            return np.asarray(self._predicted[begin:end], np.float32)
        return self.corpus.scale.normalize(self.corpus.mels[begin:end].astype(np.float32))


def waveform_of(corpus: Corpus, begin: int, end: int) -> NDArray[np.float32]:
    """Samples of the frames from `begin` to `end`, -1 to 1."""
    return corpus.waves[begin * HOP_LENGTH : end * HOP_LENGTH].astype(np.float32) / 32767.0
