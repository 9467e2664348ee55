"""The melody of sentences by their kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tts_daemon.acoustic.intonation import frame_semitones, intonation
from tts_daemon.domain import Clause, QuestionKind, SentenceKind
from tts_daemon.text.frontend import Frontend

SILENT = {None, QuestionKind.WH_WORD, QuestionKind.CHOICE}


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    return Frontend()


def _clause(frontend: Frontend, text: str) -> Clause:
    (clause,) = frontend.read(text)
    return clause


@pytest.mark.parametrize(
    "text", ["你去。", "谁去？", "你怎么去？", "你去不去？", "你去，", "今天天气怎么样？"]
)
def test_statements_and_questions_that_a_word_marks_keep_the_voice_s_melody(
    frontend: Frontend, text: str
) -> None:
    clause = _clause(frontend, text)
    assert clause.question in SILENT
    assert intonation(clause) is None


@pytest.mark.parametrize("text", ["他今天在家？", "他是老师？", "你喜欢狗？", "今天下雨？", "去？"])
def test_an_unmarked_question_ends_well_above_the_statement(frontend: Frontend, text: str) -> None:
    clause = _clause(frontend, text)
    added = intonation(clause)
    assert added is not None
    assert added.semitones.shape == (len(clause.symbols), 2)
    assert added.semitones[-1, 1] >= 5
    assert not added.energy.any()
    # It only rises, and most of it at the end.
    line = added.semitones.reshape(-1)[: -2 * 3]
    assert np.all(np.diff(line) >= -1e-6)
    assert added.semitones[0, 0] <= 2.5


@pytest.mark.parametrize("text", ["你去吗？", "走吧？", "你呢？"])
def test_a_particle_s_end_is_raised_less(frontend: Frontend, text: str) -> None:
    clause = _clause(frontend, text)
    assert clause.question is QuestionKind.PARTICLE
    added = intonation(clause)
    unmarked = intonation(replace(clause, question=QuestionKind.UNMARKED))
    assert added is not None
    assert unmarked is not None
    assert 2 < added.semitones[-1, 1] < unmarked.semitones[-1, 1]


def test_an_exclamation_stresses_its_last_word(frontend: Frontend) -> None:
    clause = _clause(frontend, "今天真的太好了！")
    assert clause.kind is SentenceKind.EXCLAMATION
    added = intonation(clause)
    assert added is not None
    stressed = np.flatnonzero(added.energy)
    assert clause.symbols[stressed[0]].word_segment == "word_begin"
    assert stressed[-1] == len(clause.symbols) - 2
    assert stressed[0] > 0
    assert not added.semitones[: stressed[0]].any()
    assert added.semitones[stressed].min() >= 0.5


def test_a_clause_without_words_has_no_melody() -> None:
    assert intonation(Clause("", "", (), (), (), (), None)) is None  # type: ignore[arg-type]


def test_lines_over_frames_depend_on_nothing_but_their_symbol() -> None:
    semitones = np.array([[0, 2], [5, 5], [2, 4]], np.float32)
    line = frame_semitones(semitones, np.array([4, 0, 2]))
    np.testing.assert_allclose(line, [0, 0.5, 1, 1.5, 2, 3])
