"""A small recogniser of phones: its hidden layers tell the vocoder what makes a phone clear.

It hears the recordings with noise and another equaliser each time, and says for every frame which
phone it is. Two sounds that are one phone for an ear are alike in its layers.
Letters: B batch, N samples, T frames, C channels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tts_daemon.workshop.training import tables
from tts_daemon.workshop.training.corpus import Corpus, Sentence
from tts_daemon.workshop.training.features import HOP_LENGTH, MelSpectrogram
from tts_daemon.workshop.training.schedule import Clock, Every, cosine_rate
from tts_daemon.workshop.training.states import load_state, required_state, save_state
from tts_daemon.workshop.training.vocoder_data import CropSource, waveform_of

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

    def distance(self, made: Tensor, real: Tensor) -> Tensor:
        """How unlike two waveforms [B, N] are to it: mean over layers of relative L1."""
        with torch.no_grad():
            targets = self.hidden(real)
        distances = [
            functional.l1_loss(layer, target) / target.abs().mean()
            for layer, target in zip(self.hidden(made), targets, strict=True)
        ]
        return torch.stack(distances).mean()


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
    spectrum = torch.fft.rfft(waveform)
    curve = functional.interpolate(
        0.35 * torch.randn(count, 1, 8), spectrum.shape[1], mode="linear", align_corners=True
    )
    speech = torch.fft.irfft(spectrum * curve[:, 0].exp(), samples)
    slope = (torch.linspace(0.0, 1.0, spectrum.shape[1]) + 0.02) ** (-1.2 * torch.rand(count, 1))
    noise = torch.fft.irfft(torch.fft.rfft(torch.randn(count, samples)) * slope, samples)
    decibels = 8.0 + 35.0 * torch.rand(count, 1)
    level = speech.std(1, keepdim=True) / noise.std(1, keepdim=True) * 10 ** (-decibels / 20)
    result: Tensor = (speech + level * noise) * torch.exp(0.4 * torch.randn(count, 1))
    return result


@dataclass(frozen=True)
class RecognizerPlan:
    """How it is trained: `minutes` of the wall clock (or what remains), rate, size of a batch."""

    minutes: float
    rate: float = 1.5e-3
    crops: int = 16
    crop_frames: int = 96
    seed: int = 0


class RecognizerTrainer:
    """One training, resumable; `run` goes on until the clock is over."""

    def __init__(self, corpus: Corpus, folder: Path, plan: RecognizerPlan) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.folder, self._corpus = plan, folder, corpus
        self.recognizer = Recognizer()
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
        self.clock = Clock(plan.minutes, done)

    def run(self, report: Callable[[str], None], stop: Callable[[], bool] = lambda: False) -> None:
        """Train until the clock is over or `stop()`; saves now and then and at the end."""
        save, tell = Every(180.0), Every(30.0)
        loss = 0.0
        while not (self.clock.over or stop()):
            loss = self.train_step(*self.draw())
            if tell.due():
                report(self._line(f"loss {loss:.4f}"))
            if save.due():
                self.save()
        report(self._line(f"loss {loss:.4f} held_out {100 * self.evaluate():.1f} % right"))
        self.save()

    def draw(self) -> tuple[Tensor, Tensor]:
        """Waveforms [B, N] and the phones of their frames [B, T]."""
        begins = self.crops.places(self.plan.crops, self.plan.crop_frames)
        frames = self.plan.crop_frames
        waves = np.stack([waveform_of(self._corpus, begin, begin + frames) for begin in begins])
        phones = np.stack([self._phones[begin : begin + frames] for begin in begins])
        return torch.from_numpy(waves), torch.from_numpy(phones)

    def train_step(self, waveform: Tensor, phones: Tensor) -> float:
        """One step; its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = cosine_rate(self.plan.rate, self.clock.progress)
        scores = self.recognizer(disturbed(waveform))
        loss = functional.cross_entropy(scores, phones, label_smoothing=0.05)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.recognizer.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return float(loss.detach())

    @torch.no_grad()
    def evaluate(self) -> float:
        """Share of the frames of held-out sentences that it gets right."""
        right = frames = 0
        for sentence in self._held_out:
            begin, end = sentence.offset, sentence.offset + sentence.label.frames
            waveform = torch.from_numpy(waveform_of(self._corpus, begin, end))[None]
            guess = self.recognizer(waveform)[0].argmax(0).numpy()
            right += int((guess == self._phones[begin:end]).sum())
            frames += end - begin
        return right / max(frames, 1)

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

    def _line(self, figures: str) -> str:
        return f"step {self.step} {100 * self.clock.progress:.1f} % {figures}"


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
