"""Trains the small vocoder on the large one's waveforms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.distillation.lessons import Lesson, Lessons
from tts_daemon.workshop.distillation.student import student_params
from tts_daemon.workshop.measure.graph_player import Floats
from tts_daemon.workshop.measure.quality import mel_distance_db
from tts_daemon.workshop.models.hifigan import Generator
from tts_daemon.workshop.models.hifigan.start import start_wide
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.training.schedule import Every, TimeBudget, cosine_rate
from tts_daemon.workshop.training.states import load_state, save_state
from tts_daemon.workshop.training.vocoder.losses import SpectralLoss

HELD_OUT = 10
"""Every so many-th clause is kept for the examination."""
_REOPENED = 0.5
"""Progress at which a training goes on that was over."""
MOST_EXAMINED = 50
"""Clauses that the last examination listens to."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the small vocoder is trained.

    Attributes:
        minutes: Wall-clock budget, or what remains of it.
        channels: Width of the small vocoder before its first upsampling.
        rate: Peak learning rate.
        pieces, piece_frames: Size of a batch.
        waveform_weight: Of the waveform's own error, beside the spectral losses.
        device: `cpu` or `cuda`.
    """

    minutes: float
    channels: int = 128
    rate: float = 1.5e-3
    pieces: int = 8
    piece_frames: int = 48
    waveform_weight: float = 1.0
    device: str = "cpu"
    seed: int = 0


class Distillation:
    """One training, resumable; `run` goes on until the clock is over."""

    def __init__(
        self, voice: TorchVoice, spoken: Sequence[Floats], state_file: Path, plan: Plan
    ) -> None:
        """Take the voice and its frames of many clauses, and go on where the state file stands.

        Raises:
            CheckpointError: There are too few clauses, or the state is of another vocoder.
        """
        torch.manual_seed(plan.seed)
        self.plan, self._state_file = plan, state_file
        params = student_params(voice.vocoder.params, plan.channels)
        self.student = start_wide(Generator(params)).to(plan.device)
        self._loss = SpectralLoss().to(plan.device)
        self._optimizer = torch.optim.AdamW(self.student.parameters(), plan.rate, (0.8, 0.99))
        self.step, done = self._restore()
        learnt = [clause for place, clause in enumerate(spoken) if place % HELD_OUT]
        if not learnt:
            raise CheckpointError("there are too few texts to learn from; give more by --texts")
        seed = plan.seed + self.step
        self.lessons = Lessons(voice, learnt, device=plan.device, seed=seed)
        self._held_out = spoken[::HELD_OUT]
        self._examiner = Lessons(voice, self._held_out, device=plan.device)
        self._examination = self._examiner.draw(plan.pieces, plan.piece_frames)
        self._clock = TimeBudget(plan.minutes, done)

    @property
    def finished(self) -> bool:
        """Whether the budget is spent."""
        return self._clock.over

    def run(self, report: Callable[[str], None], stop: Callable[[], bool] = lambda: False) -> None:
        """Train until the clock is over or `stop()`; saves now and then and at the end."""
        save = Every(180.0)
        while not (self.finished or stop()):
            self.train_step(self.lessons.draw(self.plan.pieces, self.plan.piece_frames))
            if save.due():
                self.save()
                report(self._line())
        self.save()
        report(self._line())

    def train_step(self, lesson: Lesson) -> float:
        """One step; returns the loss."""
        for group in self._optimizer.param_groups:
            group["lr"] = cosine_rate(self.plan.rate, self._clock.progress)
        made = lesson.say(self.student)
        spectral, _ = self._loss(made, lesson.waveform)
        loss = spectral + self.plan.waveform_weight * _error(made, lesson.waveform)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.student.parameters(), 10.0)
        if bool(torch.isfinite(norm)):
            self._optimizer.step()
        self.step += 1
        return float(loss.detach())

    @torch.no_grad()
    def examine(self) -> dict[str, float]:
        """On pieces that it does not learn from: log-mel distance and signal-to-noise ratio."""
        lesson = self._examination
        made = lesson.say(self.student)
        error = float(_error(made, lesson.waveform))
        mel = float(self._loss(made, lesson.waveform)[1])
        return {"log_mel": mel, "snr_db": -10 * math.log10(error + 1e-30)}

    @torch.no_grad()
    def distance_db(self) -> float:
        """How far it is from its teacher: mel distance over the clauses that it never learnt from.

        Both are given the same mels and the same excitation, so that nothing else differs.
        """
        distances, lengths = [], []
        for clause in self._held_out[:MOST_EXAMINED]:
            lesson = self._examiner.whole(clause)
            made = lesson.say(self.student)[0].cpu().numpy()
            wanted = lesson.waveform[0].cpu().numpy()
            distances.append(mel_distance_db(wanted, made))
            lengths.append(len(clause))
        return float(np.average(distances, weights=lengths))

    def reopen(self) -> None:
        """It was not good enough: the next run goes on for as long again, with larger steps."""
        self.save(progress=_REOPENED)

    def save(self, progress: float | None = None) -> None:
        """Write the whole state; `progress`: instead of the clock's."""
        state = {
            "channels": self.plan.channels,
            "student": self.student.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
            "progress": self._clock.progress if progress is None else progress,
        }
        save_state(self._state_file, state)

    def _restore(self) -> tuple[int, float]:
        """Steps and progress so far."""
        state: dict[str, Any] | None = load_state(self._state_file)
        if state is None:
            return 0, 0.0
        if state["channels"] != self.plan.channels:
            raise CheckpointError(
                f"{self._state_file}: of a vocoder of {state['channels']} channels; remove it, or"
                f" give --channels {state['channels']}"
            )
        self.student.load_state_dict(state["student"])
        self._optimizer.load_state_dict(state["optimizer"])
        return state["step"], state["progress"]

    def _line(self) -> str:
        found = self.examine()
        return (
            f"step {self.step}, {self._clock.progress:.0%}: log-mel distance"
            f" {found['log_mel']:.3f}, SNR {found['snr_db']:.1f} dB on held-out speech"
        )


def _error(made: Tensor, wanted: Tensor) -> Tensor:
    """Power of the difference, relative to that of the speech."""
    return (made - wanted).square().mean() / wanted.square().mean().clamp(min=1e-8)
