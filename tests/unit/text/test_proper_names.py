"""Surnames and foreign places."""

from __future__ import annotations

import pytest

from tts_daemon.text.phrasing import Phrasing


@pytest.fixture(scope="module")
def phrasing() -> Phrasing:
    return Phrasing()


@pytest.mark.parametrize(
    ("text", "pinyin"),
    [
        ("任先生", "ren2 xian1 sheng5"),
        ("他任经理", "ta1 ren4 jing1 li3"),
        ("单老师", "shan4 lao3 shi1"),
        ("单身", "dan1 shen1"),
        ("曾小贤", "zeng1 xiao3 xian2"),
        ("曾经", "ceng2 jing1"),
        ("塞尔维亚", "sai4 er3 wei2 ya4"),
        ("塞车", "sai1 che1"),
        ("新都桥", "xin1 du1 qiao2"),
        ("灯都开了", "deng1 dou1 kai1 le5"),
    ],
)
def test_reading(phrasing: Phrasing, text: str, pinyin: str) -> None:
    assert " ".join(syllable for item in phrasing.read(text) for syllable in item.pinyin) == pinyin
