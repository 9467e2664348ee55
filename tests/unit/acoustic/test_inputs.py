"""A style in the model's terms."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.acoustic.inputs import AcousticInput, InputBuilder
from tts_daemon.acoustic.intonation import Intonation
from tts_daemon.domain import PauseKind, Style
from tts_daemon.errors import InvalidRequestError
from tts_daemon.runtime.engine import Floats

# sy ids of the toy: a_c 0, #1 3, #3 4, #4 5.
IDS = np.array([[0, 0, 0, 0], [3, 1, 2, 2], [4, 1, 2, 2], [5, 1, 2, 2]], np.int64)
NONE, NEUTRAL, HAPPY = np.eye(4, dtype=np.float32)[:3]


def _build(style: Style, speakers: int = 2, **changes: object) -> AcousticInput:
    return InputBuilder(toy.manifest(**changes), speakers).build(IDS, style)


@pytest.mark.parametrize(
    ("intensity", "ends", "shares"),
    [
        (0.0, [NEUTRAL], (1.0,)),
        (0.5, [NEUTRAL, HAPPY], (0.5, 0.5)),
        (1.0, [HAPPY], (1.0,)),
        (2.0, [NEUTRAL, HAPPY], (-1.0, 2.0)),
    ],
)
def test_intensity_runs_from_neutral_through_the_emotion(
    intensity: float, ends: list[Floats], shares: tuple[float, ...]
) -> None:
    inputs = _build(Style(emotion="happy", intensity=intensity))
    assert inputs.shares == shares
    for made, expected in zip(inputs.emotions, ends, strict=True):
        np.testing.assert_array_equal(made, np.tile(expected, (1, 4, 1)))


def test_neutral_is_neutral_at_any_intensity() -> None:
    inputs = _build(Style(emotion="neutral", intensity=1.5))
    assert (len(inputs.emotions), inputs.shares) == (1, (1.0,))


def test_breaks_may_have_an_emotion_of_their_own() -> None:
    inputs = _build(Style(emotion="happy"), break_emotion="none")
    np.testing.assert_array_equal(inputs.emotions[0][0], [HAPPY, NONE, NONE, NONE])


def test_an_emotion_that_only_other_voices_have_is_neutral(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        inputs = _build(Style(emotion="calm"))
    np.testing.assert_array_equal(inputs.emotions[0][0, 0], NEUTRAL)
    assert "calm" in caplog.text


def test_an_emotion_that_no_voice_has_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="'hapy' is unknown; did you mean happy"):
        _build(Style(emotion="hapy"))


def test_the_speaker_is_the_manifest_s_or_inside_the_graph() -> None:
    np.testing.assert_array_equal(_build(Style()).speaker[0, 1], [0, 1])
    np.testing.assert_array_equal(_build(Style(), speaker=None).speaker[0, 1], [1, 0])
    np.testing.assert_array_equal(_build(Style(), speakers=1).speaker, np.ones((1, 4, 1)))


def test_energy_speed_and_pause_go_into_the_model_s_units() -> None:
    inputs = _build(Style(energy=-1, speed=1.5, pause=0.5))
    np.testing.assert_array_equal(inputs.energy_shift, np.full(4, -0.5))
    assert (inputs.speed, inputs.pause) == (1.5, 0.5)
    assert _build(Style(speed=1.5), pace=0.8).speed == pytest.approx(1.2)
    unknown = _build(Style(energy=2), energy_per_unit=None)
    assert not np.any(unknown.energy_shift)


WITHOUT_F0 = {"f0": None, "source": None, "values_per_frame": toy.MELS}
RISING = Intonation(np.array([[0, 1], [1, 3], [3, 3], [3, 3]], np.float32), np.ones(4, np.float32))


def test_pitch_moves_the_f0_of_a_voice_that_has_one() -> None:
    inputs = InputBuilder(toy.manifest(), 2).build(IDS, Style(pitch=2), intonation=RISING)
    np.testing.assert_array_equal(inputs.semitones, RISING.semitones + 2)
    np.testing.assert_array_equal(inputs.energy_shift, np.full(4, 0.5))
    assert not np.any(inputs.pitch_shift)
    assert _build(Style()).semitones is None


def test_pitch_moves_the_text_of_a_voice_without_f0() -> None:
    builder = InputBuilder(toy.manifest(**WITHOUT_F0), 2)
    inputs = builder.build(IDS, Style(pitch=2), intonation=RISING)
    assert inputs.semitones is None
    np.testing.assert_allclose(inputs.pitch_shift, np.array([2.5, 4, 5, 5]) * 0.25)
    unknown = _build(Style(pitch=2), pitch_per_semitone=None, **WITHOUT_F0)
    assert not np.any(unknown.pitch_shift)


def test_floors_are_those_of_the_marks_inside_times_pause_at_speed_1() -> None:
    pauses = (PauseKind.COMMA, PauseKind.NONE, PauseKind.SENTENCE)
    builder = InputBuilder(toy.manifest(), 2)
    usual = builder.build(IDS, Style(), pauses).floors_s
    np.testing.assert_allclose(usual, [0, 0.2, 0, 0])
    slow = builder.build(IDS, Style(pause=3, speed=0.5), pauses).floors_s
    np.testing.assert_allclose(slow, [0, 1.2, 0, 0])
    np.testing.assert_array_equal(builder.build(IDS, Style()).floors_s, np.zeros(4))


def test_pauses_are_the_breaks_at_punctuation() -> None:
    assert list(_build(Style()).pauses) == [False, False, True, True]
