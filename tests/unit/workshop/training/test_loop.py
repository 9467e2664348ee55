"""The loop of every training, with a trainer that only counts."""

from collections.abc import Iterator
from itertools import count

from tts_daemon.workshop.training.loop import train
from tts_daemon.workshop.training.schedule import TimeBudget


class Counting:
    """Takes steps of no time; its loss is the number of the batch."""

    def __init__(self) -> None:
        self.clock = TimeBudget(60.0)
        self.step = 0
        self.saved: list[int] = []

    def batches(self) -> Iterator[int]:
        return count(1)

    def train_step(self, batch: int) -> dict[str, float]:
        self.step += 1
        return {"loss": float(batch)}

    def evaluate(self) -> dict[str, float]:
        return {"loss": 0.5}

    def save(self) -> None:
        self.saved.append(self.step)


def test_it_ends_when_told_to_and_saves() -> None:
    trainer, lines = Counting(), list[str]()
    train(trainer, lines.append, lambda: trainer.step == 3)
    assert trainer.saved == [3]
    assert lines == ["end, held out: step 3 0.0 % loss 0.5000"]


def test_it_saves_on_the_way() -> None:
    trainer, lines = Counting(), list[str]()
    train(trainer, lines.append, lambda: trainer.step == 2, save_every_s=0.0)
    assert trainer.saved == [1, 2, 2]
    assert lines[0] == "held out: step 1 0.0 % loss 0.5000"


def test_it_takes_no_step_when_the_budget_is_spent() -> None:
    trainer, lines = Counting(), list[str]()
    trainer.clock = TimeBudget(60.0, done=1.0)
    train(trainer, lines.append)
    assert trainer.step == 0
    assert trainer.saved == [0]
