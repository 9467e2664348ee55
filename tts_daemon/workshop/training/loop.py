"""The loop that every training runs: steps, and now and then figures and a state on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from tts_daemon.workshop.training.schedule import Every, TimeBudget

BatchT = TypeVar("BatchT")

_MEMORY = 0.98
"""Of the running means: some fifty steps."""


class Trainer(Protocol[BatchT]):
    """What takes steps.

    Attributes:
        clock: Of its budget.
        step: Steps taken, those of earlier runs included.
    """

    clock: TimeBudget
    step: int

    def batches(self) -> Iterator[BatchT]:
        """What to learn from, without end."""

    def train_step(self, batch: BatchT) -> dict[str, float]:
        """Take a step; its losses."""

    def evaluate(self) -> dict[str, float]:
        """The losses on what is never trained on."""

    def save(self) -> None:
        """Write the state."""


def train(
    trainer: Trainer[BatchT],
    report: Callable[[str], None],
    stop: Callable[[], bool] = lambda: False,
    *,
    save_every_s: float = 180.0,
) -> None:
    """Train until the clock is over or `stop()`; save now and then and at the end."""
    save, tell = Every(save_every_s), Every(30.0)
    means: dict[str, float] = {}
    for batch in trainer.batches():
        if trainer.clock.over or stop():
            break
        for name, value in trainer.train_step(batch).items():
            means[name] = _MEMORY * means.get(name, value) + (1 - _MEMORY) * value
        if tell.due():
            report(_line(trainer, means))
        if save.due():
            report("held out: " + _line(trainer, trainer.evaluate()))
            trainer.save()
    report("end, held out: " + _line(trainer, trainer.evaluate()))
    trainer.save()


def _line(trainer: Trainer[BatchT], figures: dict[str, float]) -> str:
    shown = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
    return f"step {trainer.step} {100 * trainer.clock.progress:.1f} % {shown}"
