"""Trains the acoustic model and the vocoder together, on what is heard in the end.

Each was trained on its own before: the decoder towards mels, the vocoder on the mels that came.
Here the loss of the waveform goes back through both, so that the decoder learns to tell what the
vocoder needs to know, such as the moment of a burst inside the window of a mel.
Letters: B sentences, C crops, T frames, N samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tts_daemon.workshop.training.acoustic.data import Batch, ItemSource, Moments, make_item
from tts_daemon.workshop.training.acoustic.trainer import (
    forward,
    losses,
    new_model,
    total,
    trained_params,
)
from tts_daemon.workshop.training.corpus.corpus import Corpus, Sentence
from tts_daemon.workshop.training.corpus.features import F0_MAXIMUM_HZ, F0_MINIMUM_HZ, N_MELS
from tts_daemon.workshop.training.schedule import TimeBudget, cosine_rate
from tts_daemon.workshop.training.states import load_state, required_state, save_state
from tts_daemon.workshop.training.vocoder.data import Crops, waveform_of
from tts_daemon.workshop.training.vocoder.trainer import VOCODER_PARAMS, new_generator, synthesize
from tts_daemon.workshop.training.vocoder.wave_loss import WaveLoss, Weights


@dataclass(frozen=True)
class JointPlan:
    """How the two are trained.

    Attributes:
        minutes: Wall-clock budget, or what remains of it.
        acoustic_rate, vocoder_rate: Peak learning rates; twice as much undid in minutes what was
            learnt before, and a short training does not make that good.
        batch_frames: Frames of a batch of sentences, padding included.
        crops, crop_frames: What the vocoder speaks of them.
        wave_share: Share of the waveform's gradient that reaches the acoustic model, where it would
            drown that of the mels.
        weights: Of what is lost on the waveform.
        bfloat16: Whether the vocoder's products are made in bfloat16.
    """

    minutes: float
    acoustic_rate: float = 1e-4
    vocoder_rate: float = 4.5e-4
    batch_frames: int = 900
    crops: int = 8
    crop_frames: int = 48
    wave_share: float = 0.2
    weights: Weights = field(default_factory=Weights)
    device: str = "cpu"
    bfloat16: bool = False
    seed: int = 0


class JointTrainer:
    """One training, resumable; `loop.train` runs it."""

    def __init__(
        self,
        corpus: Corpus,
        folder: Path,
        plan: JointPlan,
        *,
        acoustic: Path,
        vocoder: Path,
        recognizer: Path | None = None,
    ) -> None:
        """Go on with the state in `folder`, or begin with those of the two trainings.

        Raises:
            CheckpointError: A state is not there.
        """
        torch.manual_seed(plan.seed)
        self.plan, self.folder, self._corpus = plan, folder, corpus
        resumed = load_state(folder / "state.pt")
        self._acoustic = resumed["acoustic"] if resumed else required_state(acoustic)
        self._vocoder = resumed["vocoder"] if resumed else required_state(vocoder)
        self.step = resumed["step"] if resumed else 0
        self.model = new_model(trained_params(self._acoustic)).to(plan.device)
        self.model.load_state_dict(self._acoustic["model"])
        self.generator = new_generator(VOCODER_PARAMS).to(plan.device)
        self.generator.load_state_dict(self._vocoder["generator"])
        self.loss = WaveLoss(plan.weights, recognizer).to(plan.device)
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizers = [
            torch.optim.AdamW(self.trained, plan.acoustic_rate, (0.9, 0.98), weight_decay=1e-3),
            torch.optim.AdamW(self.generator.parameters(), plan.vocoder_rate, (0.8, 0.99)),
        ]
        if resumed:
            for optimizer, state in zip(self.optimizers, resumed["optimizers"], strict=True):
                optimizer.load_state_dict(state)
        train, held_out = corpus.split()
        # The held-out crops are always the same, those of the training go on.
        self._random = np.random.default_rng(plan.seed)
        self.held_out = [(b, self._places(b)) for b in self._source(held_out, seed=0).epoch()]
        self._random = np.random.default_rng(plan.seed + self.step)
        self.source = self._source(train, seed=plan.seed + self.step)
        self.clock = TimeBudget(plan.minutes, resumed["progress"] if resumed else 0.0)

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One step of both."""
        self.model.train()
        rates = (self.plan.acoustic_rate, self.plan.vocoder_rate)
        for optimizer, rate in zip(self.optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = cosine_rate(rate, self.clock.progress)
            optimizer.zero_grad()
        loss, figures = self._losses(batch.to(self.plan.device), self._places(batch))
        torch.autograd.backward(loss)
        norms = (
            nn.utils.clip_grad_norm_(self.trained, 1.0),
            nn.utils.clip_grad_norm_(self.generator.parameters(), 10.0),
        )
        if all(bool(torch.isfinite(norm)) for norm in norms):
            for optimizer in self.optimizers:
                optimizer.step()
        self.step += 1
        for state in (self._acoustic, self._vocoder):
            state["step"] = state.get("step", 0) + 1
        return figures

    def evaluate(self) -> dict[str, float]:
        """The losses on sentences that are not trained on."""
        self.model.eval()
        crops = sum(len(places) for _, places in self.held_out)
        sums: dict[str, float] = {}
        with torch.no_grad():
            for batch, places in self.held_out:
                _, figures = self._losses(batch.to(self.plan.device), places)
                for name, value in figures.items():
                    sums[name] = sums.get(name, 0.0) + value * len(places) / crops
        return sums

    def save(self) -> None:
        """Write the whole state, and each of the two as its own training would."""
        self._acoustic["model"] = self.model.state_dict()
        self._vocoder["generator"] = self.generator.state_dict()
        save_state(self.folder / "acoustic.pt", self._acoustic)
        save_state(self.folder / "vocoder.pt", self._vocoder)
        whole = {
            "acoustic": self._acoustic,
            "vocoder": self._vocoder,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "progress": self.clock.progress,
            "plan": asdict(self.plan),
        }
        save_state(self.folder / "state.pt", whole)

    def _losses(
        self, batch: Batch, places: list[tuple[int, int]]
    ) -> tuple[Tensor, dict[str, float]]:
        made = forward(self.model, batch)
        parts = losses(made, batch)
        crops = self._crops(batch, _weakened(made.frames, self.plan.wave_share), places)
        with torch.autocast(self.plan.device, torch.bfloat16, enabled=self.plan.bfloat16):
            waveform = synthesize(self.generator, crops)
        loss, figures = self.loss(waveform.float(), crops.waveform)
        return total(parts) + loss, {"decoder": float(parts["mel"].detach()), **figures}

    def _crops(self, batch: Batch, made: Tensor, places: list[tuple[int, int]]) -> Crops:
        """What the vocoder gets: the mels of `made` [B, T, C]; melody and waveform are real."""
        size = self.plan.crop_frames
        real = torch.stack([batch.frames[row, begin : begin + size] for row, begin in places])
        mels = torch.stack([made[row, begin : begin + size, :N_MELS] for row, begin in places])
        begins = [int(batch.offset[row]) + begin for row, begin in places]
        waves = np.stack([waveform_of(self._corpus, begin, begin + size) for begin in begins])
        return Crops(
            mel=mels.mT,
            f0=real[:, :, N_MELS] * (F0_MAXIMUM_HZ - F0_MINIMUM_HZ) + F0_MINIMUM_HZ,
            voiced=real[:, :, N_MELS + 1],
            waveform=torch.from_numpy(waves).to(mels.device),
        )

    def _places(self, batch: Batch) -> list[tuple[int, int]]:
        """Sentence and first frame of each crop, every frame as likely as any other."""
        rooms = batch.durations.sum(1).numpy() - self.plan.crop_frames + 1
        rooms = np.maximum(rooms, 0)
        rows = self._random.choice(len(rooms), self.plan.crops, p=rooms / rooms.sum())
        return [(int(row), int(self._random.integers(rooms[row]))) for row in rows]

    def _source(self, sentences: list[Sentence], seed: int) -> ItemSource:
        long_enough = [s for s in sentences if s.label.frames >= self.plan.crop_frames]
        return ItemSource(
            [make_item(self._corpus, sentence) for sentence in long_enough],
            Moments(**self._acoustic["pitch"]),
            Moments(**self._acoustic["energy"]),
            batch_frames=self.plan.batch_frames,
            seed=seed,
        )

    def batches(self) -> Iterator[Batch]:
        """Epoch after epoch."""
        while True:
            yield from self.source.epoch()


def _weakened(values: Tensor, share: float) -> Tensor:
    """The same values, but of the gradient only a share goes back."""
    return values * share + values.detach() * (1 - share)
