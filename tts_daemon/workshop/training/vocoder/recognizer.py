"""A small recogniser of phones: its hidden layers tell the vocoder what makes a phone clear.

It hears the recordings with noise and another equaliser each time, and says for every frame which
phone it is. Two sounds that are one phone for an ear are alike in its layers.
Letters: B batch, N samples, T frames, C channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tts_daemon.workshop.training.corpus import tables
from tts_daemon.workshop.training.corpus.corpus import Corpus, Sentence
from tts_daemon.workshop.training.corpus.features import HOP_LENGTH, MelSpectrogram
from tts_daemon.workshop.training.schedule import TimeBudget, cosine_rate
from tts_daemon.workshop.training.states import load_state, required_state, save_state
from tts_daemon.workshop.training.vocoder.data import CropSource, waveform_of

SILENCE = len(tables.SY)
"""Class of the frames of every break."""


class Recognizer(nn.Module):
    """Log-mels of 25 ms every 6 ms, four convolutions that see 190 ms, a score per phone."""

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.mel = MelSpectrogram(n_fft=512, hop_length=HOP_LENGTH // 2, win_length=400)
        self.first = nn.Conv1d(80, width, 6, stride=2, padding=2)
        self.layers = nn.ModuleList(
            nn.Conv1d(width, width, kernel, padding=kernel // 2 * dilation, dilation=dilation)
            for kernel, dilation in ((5, 1), (5, 2), (3, 4))
        )
        self.last = nn.Conv1d(width, SILENCE + 1, 1)

    def hidden(self, waveform: Tensor) -> list[Tensor]:
        """[B, T x hop] -> the layers, each [B, C, T]."""
        # Log-mels of speech to about -2 .. 2.
        x: Tensor = functional.gelu(self.first((self.mel(waveform) + 5.0) / 2.0))
        hidden = [x]
        for layer in self.layers:
            x = x + functional.gelu(layer(x))
            hidden.append(x)
        return hidden

    def forward(self, waveform: Tensor) -> Tensor:
        """[B, T x hop] -> scores [B, phones + 1, T]."""
        scores: Tensor = self.last(self.hidden(waveform)[-1])
        return scores

    def compare(self, made: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """How unlike two waveforms [B, N] are to it.

        Returns:
            Relative L1 of the hidden layers, their mean; and by how much its opinion on the phones
            of `made` is off that on those of `real`, as a divergence in nats, the mean over frames.
        """
        with torch.no_grad():
            targets = self.hidden(real)
            meant = functional.log_softmax(self.last(targets[-1]), 1)
        hidden = self.hidden(made)
        distances = [
            functional.l1_loss(layer, target) / target.abs().mean()
            for layer, target in zip(hidden, targets, strict=True)
        ]
        heard = functional.log_softmax(self.last(hidden[-1]), 1)
        divergence = (meant.exp() * (meant - heard)).sum(1).mean()
        return torch.stack(distances).mean(), divergence


def load_recognizer(path: Path) -> Recognizer:
    """A trained one that learns no more.

    Raises:
        CheckpointError: There is no such state.
    """
    recognizer = Recognizer()
    recognizer.load_state_dict(required_state(path)["recognizer"])
    return recognizer.eval().requires_grad_(False)


def disturbed(waveform: Tensor) -> Tensor:
    """The waveforms [B, N] in another room: an equaliser, noise 8 to 43 dB below, another level."""
    count, samples = waveform.shape
    device = waveform.device
    spectrum = torch.fft.rfft(waveform)
    bends = 0.35 * torch.randn(count, 1, 8, device=device)
    curve = functional.interpolate(bends, spectrum.shape[1], mode="linear", align_corners=True)
    speech = torch.fft.irfft(spectrum * curve[:, 0].exp(), samples)
    frequency = torch.linspace(0.0, 1.0, spectrum.shape[1], device=device) + 0.02
    slope = frequency ** (-1.2 * torch.rand(count, 1, device=device))
    white = torch.randn(count, samples, device=device)
    noise = torch.fft.irfft(torch.fft.rfft(white) * slope, samples)
    decibels = 8.0 + 35.0 * torch.rand(count, 1, device=device)
    level = speech.std(1, keepdim=True) / noise.std(1, keepdim=True) * 10 ** (-decibels / 20)
    louder = torch.exp(0.4 * torch.randn(count, 1, device=device))
    result: Tensor = (speech + level * noise) * louder
    return result


@dataclass(frozen=True)
class RecognizerPlan:
    """How it is trained: `minutes` of the wall clock (or what remains), rate, size of a batch."""

    minutes: float
    rate: float = 1.5e-3
    crops: int = 16
    crop_frames: int = 96
    device: str = "cpu"
    seed: int = 0


class RecognizerTrainer:
    """One training, resumable; `loop.train` runs it."""

    def __init__(self, corpus: Corpus, folder: Path, plan: RecognizerPlan) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.folder, self._corpus = plan, folder, corpus
        self.recognizer = Recognizer().to(plan.device)
        self.optimizer = torch.optim.AdamW(self.recognizer.parameters(), plan.rate)
        train, self._held_out = corpus.split()
        self.step, done = 0, 0.0
        state = load_state(folder / "state.pt")
        if state is not None:
            self.recognizer.load_state_dict(state["recognizer"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, done = state["step"], state["progress"]
        self.crops = CropSource(corpus, train, seed=plan.seed + self.step + 1)
        self._phones = phones_of(corpus)
        self.clock = TimeBudget(plan.minutes, done)

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Waveforms [B, N] and the phones of their frames [B, T], from anywhere."""
        while True:
            yield self.draw()

    def draw(self) -> tuple[Tensor, Tensor]:
        """One batch."""
        begins = self.crops.places(self.plan.crops, self.plan.crop_frames)
        frames = self.plan.crop_frames
        waves = np.stack([waveform_of(self._corpus, begin, begin + frames) for begin in begins])
        phones = np.stack([self._phones[begin : begin + frames] for begin in begins])
        return torch.from_numpy(waves), torch.from_numpy(phones)

    def train_step(self, batch: tuple[Tensor, Tensor]) -> dict[str, float]:
        """One step."""
        for group in self.optimizer.param_groups:
            group["lr"] = cosine_rate(self.plan.rate, self.clock.progress)
        waveform, phones = (part.to(self.plan.device) for part in batch)
        scores = self.recognizer(disturbed(waveform))
        loss = functional.cross_entropy(scores, phones, label_smoothing=0.05)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.recognizer.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return {"loss": float(loss.detach())}

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Share of the frames of held-out sentences that it gets wrong."""
        wrong = frames = 0
        for sentence in self._held_out:
            begin, end = sentence.offset, sentence.offset + sentence.label.frames
            waveform = torch.from_numpy(waveform_of(self._corpus, begin, end))[None]
            guess = self.recognizer(waveform.to(self.plan.device))[0].argmax(0).cpu().numpy()
            wrong += int((guess != self._phones[begin:end]).sum())
            frames += end - begin
        return {"wrong": wrong / max(frames, 1)}

    def save(self) -> None:
        """Write the whole state."""
        state: dict[str, Any] = {
            "recognizer": self.recognizer.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "progress": self.clock.progress,
            "plan": asdict(self.plan),
        }
        save_state(self.folder / "state.pt", state)


def phones_of(corpus: Corpus) -> NDArray[np.int64]:
    """Class of every frame of the corpus [T]."""
    ids = {name: number for number, name in enumerate(tables.SY) if not name.startswith("#")}
    phones = np.full(len(corpus.mels), SILENCE, np.int64)
    for sentence in corpus.sentences:
        phones[sentence.offset : sentence.offset + sentence.label.frames] = _frames(sentence, ids)
    return phones


def _frames(sentence: Sentence, ids: dict[str, int]) -> NDArray[np.int64]:
    names = [ids.get(name, SILENCE) for name in sentence.label.sy]
    return np.repeat(np.array(names, np.int64), sentence.label.durations)
