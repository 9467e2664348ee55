"""Trains the vocoder: losses on spectra, bands and repetition; others where they are wanted.

Source: Kong et al. 2020, "HiFi-GAN"; the order is of Yamamoto et al. 2020, "Parallel WaveGAN".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams, sine_excitation
from tts_daemon.workshop.models.hifigan.start import start_wide
from tts_daemon.workshop.training.corpus.corpus import Corpus
from tts_daemon.workshop.training.corpus.features import HOP_LENGTH, SAMPLE_RATE
from tts_daemon.workshop.training.schedule import TimeBudget, cosine_rate
from tts_daemon.workshop.training.states import load_state, required_state, save_state
from tts_daemon.workshop.training.vocoder.data import Crops, CropSource
from tts_daemon.workshop.training.vocoder.discriminators import Discriminators
from tts_daemon.workshop.training.vocoder.losses import (
    discriminator_loss,
    feature_loss,
    generator_loss,
)
from tts_daemon.workshop.training.vocoder.wave_loss import WaveLoss, Weights


@dataclass(frozen=True)
class VocoderPlan:
    """How the vocoder is trained.

    Attributes:
        minutes: Wall-clock budget, or what remains of it.
        rate: Peak learning rate of the generator.
        judge_rate: Learning rate of the discriminators.
        crops, crop_frames: Size of a batch.
        adversarial_from: Progress (0 to 1) from which the discriminators take part; 1: never.
        weights: Of what is lost on the waveform.
        adversarial_weight, feature_weight: Of the discriminators' two losses.
        device: `cpu` or `cuda`.
        bfloat16: Whether the generator's products are made in bfloat16: a third of a step is saved
            on a processor with a unit for it (`amx_bf16`); not measured on others.
    """

    minutes: float
    rate: float = 1.5e-3
    judge_rate: float = 5e-4
    crops: int = 8
    crop_frames: int = 48
    adversarial_from: float = 1.0
    weights: Weights = field(default_factory=Weights)
    adversarial_weight: float = 0.5
    feature_weight: float = 1.0
    device: str = "cpu"
    bfloat16: bool = False
    seed: int = 0


VOCODER_PARAMS: dict[str, Any] = {
    "in_channels": 80,
    "out_channels": 1,
    "channels": 128,
    "kernel_size": 7,
    "upsample_scales": [10, 5, 2, 2],
    "upsample_kernal_sizes": [20, 11, 4, 4],
    "resblock_kernel_sizes": [3, 7],
    "resblock_dilations": [[1, 3], [1, 3]],
    "bias": True,
    "causal": False,
    "nonlinear_activation": "LeakyReLU",
    "nonlinear_activation_params": {"negative_slope": 0.1},
    "use_weight_norm": True,
    "nsf_params": {
        "nb_harmonics": 31,
        "sampling_rate": SAMPLE_RATE,
        "zero_phases": True,
        "noise": 0.01,
    },
}


def new_generator(params: dict[str, Any]) -> Generator:
    """A generator to begin with."""
    return start_wide(Generator(GeneratorParams.from_config(params)))


def synthesize(generator: Generator, crops: Crops) -> Tensor:
    """Waveform [B, N] of a batch, with fresh noise."""
    source = sine_excitation(
        crops.f0,
        crops.voiced,
        hop_length=HOP_LENGTH,
        sample_rate=SAMPLE_RATE,
        harmonics=generator.params.harmonics,
        zero_phases=generator.params.zero_phases,
        level=generator.params.noise,
    )
    waveform: Tensor = generator(crops.mel, source)
    return waveform[:, 0]


class VocoderTrainer:
    """One training, resumable; `loop.train` runs it."""

    def __init__(
        self,
        corpus: Corpus,
        folder: Path,
        plan: VocoderPlan,
        *,
        start_from: Path | None = None,
        predicted: Path | None = None,
        recognizer: Path | None = None,
        held_out_frames: int = 96,
    ) -> None:
        """Go on with the state in `folder`, or begin.

        Args:
            start_from: State of an earlier training whose weights this one starts with.
            predicted: The acoustic model's mels, instead of those of the recordings.
            recognizer: State of a recogniser of phones.

        Raises:
            CheckpointError: `start_from` or `recognizer` is not there.
        """
        torch.manual_seed(plan.seed)
        self.plan, self.folder = plan, folder
        self.generator = new_generator(VOCODER_PARAMS).to(plan.device)
        self.judges = Discriminators().to(plan.device)
        self.loss = WaveLoss(plan.weights, recognizer).to(plan.device)
        betas = (0.8, 0.99)
        self.optimizer = torch.optim.AdamW(self.generator.parameters(), plan.rate, betas)
        self.judge_optimizer = torch.optim.AdamW(self.judges.parameters(), plan.judge_rate, betas)
        train, held_out = corpus.split()
        self.step, done = 0, 0.0
        state = load_state(folder / "state.pt")
        if state is not None:
            self._restore(state)
            self.step, done = state["step"], state["progress"]
        elif start_from is not None:
            self._start_from(required_state(start_from))
        self.train_crops = CropSource(
            corpus, train, predicted=predicted, seed=plan.seed + self.step + 1
        )
        held_out_source = CropSource(corpus, held_out, predicted=predicted)
        self.held_out = held_out_source.draw(24, held_out_frames)
        self.clock = TimeBudget(plan.minutes, done)

    def batches(self) -> Iterator[Crops]:
        """Crops from anywhere."""
        while True:
            yield self.train_crops.draw(self.plan.crops, self.plan.crop_frames)

    def train_step(self, batch: Crops) -> dict[str, float]:
        """One step of the generator and, once their time has come, of the discriminators."""
        progress = self.clock.progress
        for group in self.optimizer.param_groups:
            group["lr"] = cosine_rate(self.plan.rate, progress)
        adversarial = progress >= self.plan.adversarial_from
        crops = batch.to(self.plan.device)
        with torch.autocast(self.plan.device, torch.bfloat16, enabled=self.plan.bfloat16):
            made = synthesize(self.generator, crops)
        made = made.float()
        loss: Tensor
        figures: dict[str, float]
        loss, figures = self.loss(made, crops.waveform)
        if adversarial:
            features = self._train_judges(crops.waveform, made.detach(), figures)
            loss = loss + self._adversarial_loss(made, features, figures)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.generator.parameters(), 10.0)
        if bool(torch.isfinite(norm)):
            self.optimizer.step()
        self.step += 1
        return figures

    def _train_judges(
        self, real: Tensor, made: Tensor, figures: dict[str, float]
    ) -> list[list[Tensor]]:
        """One step of theirs; returns their hidden layers for the real half."""
        scores, features = self.judges(torch.cat([real, made]))
        halves = [score.chunk(2) for score in scores]
        loss = discriminator_loss([h[0] for h in halves], [h[1] for h in halves])
        self.judge_optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.judges.parameters(), 10.0)
        self.judge_optimizer.step()
        figures["judges"] = float(loss.detach())
        return [[layer.chunk(2)[0].detach() for layer in layers] for layers in features]

    def _adversarial_loss(
        self, made: Tensor, real_features: list[list[Tensor]], figures: dict[str, float]
    ) -> Tensor:
        # Their own gradients are not wanted here, and cost a third of the way back.
        self.judges.requires_grad_(False)
        scores, features = self.judges(made)
        self.judges.requires_grad_(True)
        adversarial = generator_loss(scores)
        matching = feature_loss(real_features, features)
        figures |= {
            "adversarial": float(adversarial.detach()),
            "features": float(matching.detach()),
        }
        return self.plan.adversarial_weight * adversarial + self.plan.feature_weight * matching

    def evaluate(self) -> dict[str, float]:
        """The losses on crops that are not trained on."""
        total = len(self.held_out.mel)
        sums: dict[str, float] = {}
        with torch.no_grad():
            for place in range(0, total, 8):
                part = Crops(*(v[place : place + 8] for v in vars(self.held_out).values()))
                part = part.to(self.plan.device)
                _, figures = self.loss(synthesize(self.generator, part), part.waveform)
                for name, value in figures.items():
                    sums[name] = sums.get(name, 0.0) + value * len(part.mel) / total
        return sums

    def save(self) -> None:
        """Write the whole state."""
        state = {
            "generator": self.generator.state_dict(),
            "judges": self.judges.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "judge_optimizer": self.judge_optimizer.state_dict(),
            "step": self.step,
            "progress": self.clock.progress,
            "plan": asdict(self.plan),
        }
        save_state(self.folder / "state.pt", state)

    def _restore(self, state: dict[str, Any]) -> None:
        self.generator.load_state_dict(state["generator"])
        self.judges.load_state_dict(state["judges"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.judge_optimizer.load_state_dict(state["judge_optimizer"])

    def _start_from(self, state: dict[str, Any]) -> None:
        self.generator.load_state_dict(state["generator"])
        # A state that was recovered from a package has none.
        if "judges" in state:
            self.judges.load_state_dict(state["judges"])
