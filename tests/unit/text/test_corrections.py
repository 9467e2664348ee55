"""Corrected readings: one entry changes, the rest of the file stays, every change can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.errors import StorageError, TextError
from tts_daemon.text.corrections import Corrections
from tts_daemon.text.frontend import Frontend

BY_HAND = "# ours\n重庆: chong2 qing4  # the city\n\nGPT: 吉皮提\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lexicon.yaml"


def written(path: Path, text: str) -> Corrections:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return Corrections(path)


def test_a_first_entry_makes_the_file(path: Path) -> None:
    assert Corrections(path).change("单县", "shan4 xian4") is None
    assert Corrections(path).entries() == {"单县": "shan4 xian4"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_only_the_line_of_the_word_changes(path: Path) -> None:
    corrections = written(path, BY_HAND)
    assert corrections.change("GPT", "鸡皮提") == "吉皮提"
    assert path.read_text(encoding="utf-8") == BY_HAND.replace("吉皮提", "鸡皮提")
    assert corrections.change("GPT", "吉皮提") == "鸡皮提"
    assert path.read_text(encoding="utf-8") == BY_HAND


def test_what_was_added_is_taken_back_without_a_trace(path: Path) -> None:
    corrections = written(path, BY_HAND)
    corrections.change("单县", "shan4 xian4")
    assert corrections.change("单县", None) == "shan4 xian4"
    assert path.read_text(encoding="utf-8") == BY_HAND


@pytest.mark.parametrize(
    ("word", "reading"), [("重庆", "chong2"), ("重庆", "qqq1 qing4"), ("", "a1"), ("重庆", "")]
)
def test_what_the_lexicon_would_not_take_is_refused(path: Path, word: str, reading: str) -> None:
    corrections = written(path, BY_HAND)
    with pytest.raises(TextError):
        corrections.change(word, reading)
    assert path.read_text(encoding="utf-8") == BY_HAND


def test_a_file_that_cannot_be_edited_by_lines_is_left_alone(path: Path) -> None:
    corrections = written(path, "{重庆: chong2 qing4,\n 单县: shan4 xian4}\n")
    with pytest.raises(TextError, match="重庆"):
        corrections.change("重庆", None)


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        Corrections(tmp_path / "file" / "lexicon.yaml").change("单县", "shan4 xian4")


@given(
    words=st.lists(st.text("重庆单县:#'\"{}- \n1a", min_size=1, max_size=6), max_size=5),
    reading=st.text("好的:# '\"1", min_size=1, max_size=6),
)
def test_whatever_is_taken_is_read_again_and_comes_off_again(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], reading: str
) -> None:
    corrections = Corrections(tmp_path_factory.mktemp("any") / "lexicon.yaml")
    kept: dict[str, str] = {}
    for word in words:
        try:
            corrections.change(word, reading)
        except TextError:
            continue
        kept[word.strip()] = reading.strip()
        assert corrections.entries() == kept
    for word in kept:
        assert corrections.change(word, None) == reading.strip()
    assert corrections.entries() == {}


def test_the_front_end_follows_a_correction_and_its_end(path: Path, tmp_path: Path) -> None:
    lexicon = tmp_path / "own.yaml"
    lexicon.write_text("单县: dan1 xian4\n", encoding="utf-8")
    frontend = Frontend(lexicon, path)

    def read() -> tuple[str, ...]:
        return next(iter(frontend.read("单县"))).pinyin

    assert read() == ("dan1", "xian4")
    Corrections(path).change("单县", "shan4 xian4")
    assert read() == ("shan4", "xian4")
    Corrections(path).change("单县", None)
    assert read() == ("dan1", "xian4")
