"""The teacher's labels in our own symbols."""

from typing import Any

import pytest

from tts_daemon.workshop.training.corpus.labels import Label, labels_of, usable

PHONES = "sil m_c a_c l_c i_c h_c en_c k_c e_c ga ai_c #3 b_c u_c sh_c ih_c m_c e_c #4"


@pytest.fixture
def record() -> dict[str, Any]:
    """马力很可爱，不是么？: lead-in of 4 frames, a pause of 6, 70 frames of silence at the end."""
    return {
        "file": "wav/00001.flac",
        "text": "马力很可爱，不是么？",
        "emotion": "sad",
        "phones": PHONES.split(),
        "tones": [0, 3, 3, 4, 4, 3, 3, 3, 3, 4, 4, 0, 2, 2, 4, 4, 5, 5, 0],
        "words": [0, 1, 1, 3, 3, 0, 0, 1, 1, 3, 3, 0, 1, 1, 3, 3, 0, 0, 0],
        "durations": [4, 6, 12, 4, 14, 4, 8, 8, 12, 3, 9, 6, 4, 14, 6, 12, 8, 15, 70],
    }


def words_of(_text: str) -> list[tuple[str, int]]:
    return [("马力", 1), ("很可爱", 3), ("不是么", 4)]


def only(record: dict[str, Any], words: Any = words_of) -> Label:
    (label,) = labels_of(record, words)
    return label


def test_words_and_breaks_are_our_own(record: dict[str, Any]) -> None:
    label = only(record)
    assert " ".join(label.sy) == (
        "m_c a_c l_c i_c #1 h_c en_c k_c e_c ga ai_c #3 b_c u_c sh_c ih_c m_c e_c #4"
    )
    assert label.word_segment[:6] == [
        "word_begin", "word_middle", "word_middle", "word_end", "word_none", "word_begin",
    ]  # fmt: skip
    assert label.tone[4] == "tone_none"
    assert label.syllable_flag[:5] == ["s_begin", "s_end", "s_begin", "s_end", "s_none"]


def test_a_break_without_a_pause_has_no_frames(record: dict[str, Any]) -> None:
    label = only(record)
    breaks = {s: d for s, d in zip(label.sy, label.durations, strict=True) if s[0] == "#"}
    assert breaks == {"#1": 0, "#3": 6, "#4": 20}


def test_durations_add_up_to_the_frames(record: dict[str, Any]) -> None:
    label = only(record)
    assert sum(label.durations) == label.frames
    assert label.start_frame == 2
    assert label.end_frame == 4 + 145 + 20


def test_the_first_phone_keeps_a_little_of_the_lead_in(record: dict[str, Any]) -> None:
    assert only(record).durations[0] == 6 + 2


def test_the_teachers_words_serve_where_ours_do_not_fit(record: dict[str, Any]) -> None:
    for answer in (None, [("别的", 4)]):
        label = only(record, lambda _text, answer=answer: answer)
        assert [s for s in label.sy if s[0] == "#"] == ["#1", "#1", "#3", "#1", "#4"]


def test_a_sentence_ends_at_every_full_stop(record: dict[str, Any]) -> None:
    record["phones"][11] = "#4"
    record["durations"][11] = 30
    first, second = labels_of(record, words_of)
    assert first.sy[-1] == second.sy[-1] == "#4"
    assert second.sy[0] == "b_c"
    # The rest of the pause between them is the second one's lead-in.
    assert first.end_frame <= second.start_frame
    assert second.durations[0] == 4 + 2
    assert sum(second.durations) == second.frames


def test_a_record_whose_syllables_are_not_its_characters_is_left_out(
    record: dict[str, Any],
) -> None:
    record["text"] = "马力很可爱，不是吗你？"
    assert list(labels_of(record, words_of)) == []


def test_slips_of_the_teacher_are_not_usable(record: dict[str, Any]) -> None:
    assert usable(only(record))
    record["durations"][2] = 90
    assert not usable(only(record))


def test_a_record_with_its_own_words_is_taken_as_it_is() -> None:
    record = {
        "file": "a.flac",
        "text": "他用USB？",
        "emotion": "neutral",
        "phones": ["sil", "t_c", "a_c", "#1", "y", "uw", "#4"],
        "tones": ["tone_none", "tone1", "tone1", "tone_none", "tone1", "tone1", "tone2"],
        "flags": ["s_none", "s_begin", "s_end", "s_none", "s_begin", "s_end", "s_none"],
        "segments": ["word_none", *["word_begin", "word_end", "word_none"] * 2],
        "durations": [12, 6, 12, 0, 4, 20, 28],
    }
    label = only(record)
    assert label.sy == record["phones"][1:]
    assert label.tone[-1] == "tone2"
    assert label.durations == [6 + 2, 12, 0, 4, 20, 20]
    assert (label.start_frame, label.end_frame) == (10, 10 + 64)
