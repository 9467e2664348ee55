"""The clock that training follows."""

import pytest

from tts_daemon.workshop.training.schedule import Every, TimeBudget, cosine_rate


class FakeTime:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_resumed_run_ends_when_its_remaining_budget_does() -> None:
    time = FakeTime()
    clock = TimeBudget(minutes=10, done=0.6, now=time)
    assert clock.progress == pytest.approx(0.6)
    time.now_s += 300
    assert clock.progress == pytest.approx(0.8)
    assert not clock.over
    time.now_s += 300
    assert clock.over


def test_the_rate_rises_then_falls_to_the_floor() -> None:
    rates = [cosine_rate(1.0, p / 100, warm_up=0.1, floor=0.01) for p in range(101)]
    assert max(rates) == pytest.approx(rates[10]) == pytest.approx(1.0)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.01)


def test_every_is_due_once_per_interval() -> None:
    time = FakeTime()
    every = Every(10.0, now=time)
    answers = []
    for _ in range(6):
        time.now_s += 5.0
        answers.append(every.due())
    assert answers == [False, True, False, True, False, True]
