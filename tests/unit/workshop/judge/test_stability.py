"""The embedded voice says random texts whole: nothing runs away, is skipped or clicks."""

from pathlib import Path

import pytest

from tts_daemon.workshop.judge.report import emotions
from tts_daemon.workshop.judge.speaking import PackageSpeaker
from tts_daemon.workshop.judge.stability import LONGEST_TEXT, examine, random_texts

SENTENCES = ("今天天气很好，我们一起去公园散步吧。", "请先刷卡，再输入六位数的密码。", "你好！")


@pytest.fixture(scope="module")
def speaker() -> PackageSpeaker:
    return PackageSpeaker(Path("models/wuyin"))


def test_random_texts_are_always_the_same_ones() -> None:
    texts = random_texts(SENTENCES, 50)
    assert texts == random_texts(SENTENCES, 50)
    assert texts[0] == "啊"
    assert all(1 <= len(text) <= LONGEST_TEXT for text in texts)
    assert min(map(len, texts)) <= 2
    assert max(map(len, texts)) > 100


def test_nothing_is_skipped_and_nothing_runs_away(speaker: PackageSpeaker) -> None:
    found = examine(speaker, random_texts(SENTENCES, 8))
    assert found.texts == 8
    assert found.syllables > 100
    assert found.skipped == found.runaway == 0
    assert found.peak < 1.0
    # A border of chunks is a place like any other.
    assert found.border_step < found.usual_step


def test_emotions_are_told_apart(speaker: PackageSpeaker) -> None:
    table = emotions(speaker, SENTENCES[:2])
    assert set(table) >= {"neutral", "happy", "sad", "angry", "gentle", "excited"}
    assert table["happy"]["f0_mean_hz"] > 1.08 * table["neutral"]["f0_mean_hz"]
    assert table["sad"]["f0_deviation_hz"] < 0.8 * table["neutral"]["f0_deviation_hz"]
    assert table["sad"]["syllables_per_second"] < table["happy"]["syllables_per_second"]
