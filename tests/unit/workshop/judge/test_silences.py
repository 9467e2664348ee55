"""Silences between sounds, of known length."""

import numpy as np
import pytest

from tts_daemon.workshop.judge.silences import (
    clause_levels_db,
    inner_silences_s,
    mark_silences_s,
)


def tone(seconds: float, level: float = 0.3) -> np.ndarray:
    return (level * np.sin(np.arange(int(seconds * 16000)) / 10)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * 16000), np.float32)


SPOKEN = np.concatenate(
    [silence(0.3), tone(0.5), silence(0.05), tone(0.4, 0.1), silence(0.2), tone(0.5), silence(0.6)]
)


def test_only_silences_between_sounds_count() -> None:
    assert inner_silences_s(SPOKEN) == pytest.approx([0.2, 0.05], abs=0.006)
    assert inner_silences_s(silence(1)) == []
    assert inner_silences_s(np.zeros(0, np.float32)) == []


@pytest.mark.parametrize(("marks", "expected"), [(1, [0.2]), (3, [0.2, 0.05, 0.0])])
def test_a_mark_without_silence_has_none(marks: int, expected: list[float]) -> None:
    assert mark_silences_s(SPOKEN, marks) == pytest.approx(expected, abs=0.006)


def test_each_clause_has_its_level() -> None:
    loud, quiet = tone(0.5, 0.4), tone(0.5, 0.2)
    levels = clause_levels_db(np.concatenate([loud, silence(0.2), quiet]))
    assert len(levels) == 2
    assert levels[0] - levels[1] == pytest.approx(6.0, abs=0.3)
