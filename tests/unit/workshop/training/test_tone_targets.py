"""Tones and questions as they are drawn into a flat voice."""

import numpy as np
import pytest

from tts_daemon.domain import QuestionKind
from tts_daemon.workshop.training.teacher.tone_targets import SHAPES, Place, Spoken, with_tones

MEAN = 224.0
FLAT = np.full(120, MEAN)
LOUD = np.full(120, 8.0)


def semitones(tones: list[int], question: QuestionKind | None = None) -> np.ndarray:
    """The tune of syllables of 40 frames, the last up to frame 120; from a flat voice."""
    starts = [120 - 40 * (len(tones) - place) for place in range(len(tones))]
    spoken = [Spoken(s, s + 8, tone) for s, tone in zip(starts, tones, strict=True)]
    return 12 * np.log2(with_tones(FLAT, LOUD, spoken, question, MEAN) / MEAN)


def test_lone_syllables_have_four_tunes() -> None:
    high, rising, low, falling = (semitones([tone])[85:115] for tone in (1, 2, 3, 4))
    assert high.min() > 2.5
    assert rising[-1] - rising[0] > 4
    assert low.mean() < -4
    assert falling[0] - falling[-1] > 8


def test_the_first_of_two_syllables_has_its_tone_too() -> None:
    assert semitones([1, 1])[50:68].mean() - semitones([3, 1])[50:68].mean() > 5


def test_inside_a_sentence_nothing_moves_but_the_last_syllable() -> None:
    tune = semitones([4, 2, 3])
    assert np.abs(tune[:70]).max() < 0.01
    assert tune[95:110].mean() < -4


def test_an_unmarked_question_ends_higher_than_its_statement() -> None:
    for tone in SHAPES[Place.QUESTION]:
        asked, said = semitones([1, 2, tone], QuestionKind.UNMARKED), semitones([1, 2, tone])
        assert asked[105:115].mean() - said[105:115].mean() > 1
        lift = asked[:70] - said[:70]
        assert np.all(np.diff(lift) > -0.2)  # it grows towards the end
        assert lift[65] > 1.5


def test_where_a_word_asks_the_melody_does_less() -> None:
    by_melody = semitones([1, 2, 4], QuestionKind.UNMARKED)[110]
    by_word = semitones([1, 2, 4], QuestionKind.WH_WORD)[110]
    assert semitones([1, 2, 4])[110] < by_word < by_melody


def test_unvoiced_frames_and_english_stay_as_they_are() -> None:
    f0 = FLAT.copy()
    f0[60:70] = 8.0
    moved = with_tones(f0, LOUD, [Spoken(0, 8, 1), Spoken(70, 75, 4)], None, MEAN)
    assert np.array_equal(moved[60:70], f0[60:70])
    assert np.array_equal(with_tones(FLAT, LOUD, [Spoken(0, 4, 0)], None, MEAN), FLAT)


def test_a_syllable_too_short_to_hear_keeps_its_tune() -> None:
    quiet = np.zeros(120)
    assert np.allclose(with_tones(FLAT, quiet, [Spoken(80, 88, 4)], None, MEAN), FLAT)


@pytest.mark.parametrize("tone", [1, 2, 3, 4])
def test_no_step_is_faster_than_a_voice(tone: int) -> None:
    assert np.abs(np.diff(semitones([4, tone]))).max() <= 70 * 0.0125 + 1e-6
