"""What the teacher is told to read."""

import pytest

from tts_daemon.domain import QuestionKind, Style
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.phrasing import Phrasing
from tts_daemon.text.reading import Syllable
from tts_daemon.text.symbols import VoiceTraits
from tts_daemon.workshop.training.corpus import tables
from tts_daemon.workshop.training.teacher.curriculum import Prompt
from tts_daemon.workshop.training.teacher.phones import (
    ENGLISH_CONSONANTS,
    ENGLISH_VOWELS,
    ERHUA,
    Script,
    spell,
)
from tts_daemon.workshop.training.teacher.recording import script_of


@pytest.fixture(scope="module")
def phrasing() -> Phrasing:
    return Phrasing()


def script(phrasing: Phrasing, text: str) -> Script:
    found = script_of(Prompt(text), phrasing)
    assert found is not None
    return found


def letters(phrasing: Phrasing, text: str) -> str:
    return "".join(phone.letters for phone in script(phrasing, text).phones)


@pytest.mark.parametrize(
    ("syllable", "wanted"),
    [
        ("shen3", ("ʂ", "ə↓n")),
        ("zhi1", ("ꭧ", "ɨ→")),
        ("xue2", ("ɕ", "ɥe↗")),
        ("yuan4", ("ɥ", "ɛ↘n")),
        ("wu3", ("", "u↓")),
        ("ai4", ("", "ai↘")),
        ("ma5", ("m", "a")),
        ("jiu3", ("ʨ", "jou↓")),
        ("lv4", ("l", "y↘")),
        ("nar4", ("n", "a↘ɚ")),
        ("wanr2", ("w", "a↗ɚ")),
        ("yuanr4", ("ɥ", "a↘ɚ")),
        ("yinr4", ("", "i↘ɚ")),
        ("lingr2", ("l", "iŋ↗ɚ")),
    ],
)
def test_syllables_in_the_teachers_letters(syllable: str, wanted: tuple[str, str]) -> None:
    assert spell(Syllable.parse("", syllable)) == wanted


def test_every_erhua_final_and_english_phone_of_the_tables_can_be_said() -> None:
    known = ERHUA.keys() | ENGLISH_VOWELS.keys() | ENGLISH_CONSONANTS.keys()
    first, last = tables.SY.index("aa"), tables.SY.index("pau")
    assert set(tables.SY[first:last]) - known == set()


def test_the_symbols_are_those_of_the_front_end(phrasing: Phrasing) -> None:
    text = "医生建议他，用USB打开那儿的Netflix。"
    spoken = script(phrasing, text)
    clause = Frontend().clause(text, text, Style(), VoiceTraits())
    assert [phone.symbol for phone in spoken.phones] == list(clause.symbols)


def test_pauses_have_marks_and_words_a_space(phrasing: Phrasing) -> None:
    phones = script(phrasing, "你好，她来吗？").phones
    assert [p.letters for p in phones if p.symbol.sy in ("#3", "#4")] == [", ", "?"]
    assert phones[3].letters == "au↓"
    assert any(p.letters.endswith(" ") for p in phones)


def test_english_has_stress_and_weak_vowels(phrasing: Phrasing) -> None:
    assert letters(phrasing, "打开Netflix。").endswith("nˈɛtflɪks.")
    assert letters(phrasing, "AI。") == "ˈAˈI."
    assert "ə" in letters(phrasing, "Apple和banana。")


@pytest.mark.parametrize(
    ("text", "question"),
    [("你去？", QuestionKind.UNMARKED), ("你去吗？", QuestionKind.PARTICLE), ("你去。", None)],
)
def test_a_question_is_told_by_its_last_break(
    phrasing: Phrasing, text: str, question: QuestionKind | None
) -> None:
    spoken = script(phrasing, text)
    assert spoken.question is question
    assert (spoken.phones[-1].symbol.tone == "tone2") is (question is not None)


def test_nothing_to_say_is_left_out(phrasing: Phrasing) -> None:
    assert script_of(Prompt("？！"), phrasing) is None
