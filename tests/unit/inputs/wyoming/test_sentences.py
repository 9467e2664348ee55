"""Sentences out of pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.inputs.wyoming.sentences import Sentences


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["你好", "。", "我是"], ["", "", "你好。"]),
        (["他说：“走。", "”然后"], ["", "他说：“走。”"]),
        (["3.", "5度。今"], ["", "3.5度。"]),
        (["OK. Go"], ["OK."]),
        (["一。二。三"], ["一。二。"]),
    ],
)
def test_a_sentence_is_whole_when_something_follows_its_end(
    pieces: list[str], whole: list[str]
) -> None:
    sentences = Sentences()
    assert [sentences.add(piece) for piece in pieces] == whole


@given(st.lists(st.text(alphabet="好a1。！？.\n ”", max_size=6)))
def test_nothing_is_lost_and_nothing_comes_twice(pieces: list[str]) -> None:
    sentences = Sentences()
    heard = [*(sentences.add(piece) for piece in pieces), sentences.finish()]
    assert "".join("".join(heard).split()) == "".join("".join(pieces).split())
