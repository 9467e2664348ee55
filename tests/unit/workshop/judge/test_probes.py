"""What the probes ask a voice, with voices of which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from tts_daemon.domain import Style
from tts_daemon.workshop.judge.melody import citation_curve
from tts_daemon.workshop.judge.probes import (
    LONE,
    commas,
    latin_words,
    missed_percent,
    pitches,
    questions,
    tones,
)

MIDDLE = 14.0


def sung(line: np.ndarray, seconds: float = 0.4) -> np.ndarray:
    count = int(seconds * 16000)
    f0 = 100 * 2 ** (np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(line)), line) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / 16000
    return (0.15 * sum(np.sin(k * phase) / k for k in range(1, 6))).astype(np.float32)


def test_a_voice_that_says_tones_as_they_are_taught() -> None:
    def speak(text: str, _style: Style) -> np.ndarray:
        tone = next(row.index(text) + 1 for row in LONE.values() if text in row)
        return sung(citation_curve(tone) + MIDDLE)

    found = tones(speak, MIDDLE)
    assert found["right_percent"] == 100
    assert found["distance_semitones"] < 1.5


def test_a_voice_without_tones() -> None:
    flat = tones(lambda _text, _style: sung(np.array([MIDDLE, MIDDLE])), MIDDLE)
    assert flat["right_percent"] <= 25


def test_a_voice_that_asks_four_semitones_higher() -> None:
    found = questions(lambda text, _: sung(np.full(2, MIDDLE + 4 * text.endswith("？"))))
    assert found["unmarked_least"] == pytest.approx(4, abs=0.1)
    assert found["particle_mean"] == pytest.approx(4, abs=0.1)


def test_a_voice_that_rests_at_some_commas() -> None:
    def speak(text: str, _style: Style) -> np.ndarray:
        rests = [np.zeros(3200 if "长" in text else 800, np.float32)] * text.count("，")
        return np.concatenate(
            [sung(np.full(2, 14.0)), *(x for r in rests for x in (r, sung(np.full(2, 14.0))))]
        )

    found = commas(speak, ["长，的。", "短，的。", "没有。"])
    assert (found["count"], found["below_0.15_s"]) == (2, 1)
    assert found["least_s"] == pytest.approx(0.05, abs=0.006)
    assert commas(speak, ["没有。"]) == {"count": 0}


def test_a_voice_that_shifts_by_half() -> None:
    line = np.array([12.0, 15.0])
    found = pitches(lambda _text, style: sung(line + style.pitch / 2), ["一"])
    assert found["+6"]["semitones"] == pytest.approx(3, abs=0.15)
    assert abs(found["-6"]["spread_percent"]) < 12
    assert found["+12"]["pace_percent"] == 0


def test_english_words_are_compared_by_their_letters() -> None:
    assert latin_words("把手机连上Wi-Fi，打开 Netflix。") == ["wifi", "netflix"]
    pairs = [("打开Netflix。", "打开 netflix"), ("这个USB坏了，Wi-Fi也是", "这个U S B坏了")]
    assert missed_percent(pairs) == pytest.approx(33.3)
