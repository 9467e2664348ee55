"""The optional network for polyphones."""

from __future__ import annotations

import sys

import pytest

from tts_daemon.errors import MissingExtraError
from tts_daemon.text.g2pm import G2pmModel
from tts_daemon.text.phrasing import Phrasing


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "g2pM", None)
    with pytest.raises(MissingExtraError, match=r"\[g2p\]"):
        G2pmModel()


@pytest.fixture(scope="module")
def model() -> G2pmModel:
    pytest.importorskip("g2pM", reason="the extra [g2p] is not installed")
    return G2pmModel()


def test_readings_have_one_syllable_a_character(model: G2pmModel) -> None:
    assert model.readings("他叫覃辉") == ["ta1", "jiao4", "qin2", "hui1"]
    assert model.is_polyphone("覃")
    assert not model.is_polyphone("他")


def test_model_decides_what_no_rule_does(model: G2pmModel) -> None:
    def pinyin(phrasing: Phrasing) -> list[str]:
        return [syllable for item in phrasing.read("峒人住在山里") for syllable in item.pinyin]

    alone, helped = pinyin(Phrasing()), pinyin(Phrasing(polyphones=model))
    assert alone[0] == "dong4"
    assert helped[0] == "tong2"


def test_model_leaves_words_and_everyday_characters_alone(model: G2pmModel) -> None:
    phrasing = Phrasing(polyphones=model)
    for text in ("炉子上铺了一层纸", "重十公斤的箱子", "干了三年都没还你钱"):
        read = [syllable for item in phrasing.read(text) for syllable in item.pinyin]
        assert read == [syllable for item in Phrasing().read(text) for syllable in item.pinyin]
