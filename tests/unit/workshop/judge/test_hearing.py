"""How what was heard is compared with what was wanted."""

import sys
from pathlib import Path

import pytest

from tts_daemon.errors import MissingExtraError
from tts_daemon.workshop.judge.hearing import Errors, Listener, edits


@pytest.mark.parametrize(
    ("wanted", "heard", "count"),
    [
        ("", "", 0),
        ("ni hao", "ni hao", 0),
        ("ni hao ma", "ni ma", 1),
        ("ni hao", "ni hao ma", 1),
        ("wo men qu", "ta men lai", 2),
        ("", "a b", 2),
    ],
)
def test_edits(wanted: str, heard: str, count: int) -> None:
    assert edits(wanted.split(), heard.split()) == count


def test_errors_add_up_and_become_percent() -> None:
    total = Errors.total([Errors(10, 3, 1), Errors(30, 1, 1)])
    assert total == Errors(40, 4, 2)
    assert total.percent(tones=True) == 10.0
    assert total.percent(tones=False) == 5.0


def test_homophones_sound_alike_and_tones_are_told_apart() -> None:
    pytest.importorskip("pypinyin")
    listener = Listener.__new__(Listener)
    from pypinyin import Style, lazy_pinyin

    listener._pinyin, listener._tones = lazy_pinyin, Style.TONE3
    assert listener.errors("她在26楼。", "他在二十六楼") == Errors(6, 0, 0)
    assert listener.errors("妈妈骂马", "妈妈麻马") == Errors(4, 1, 0)


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(MissingExtraError, match=r"faster_whisper is missing.*\[judge\]"):
        Listener(Path("whisper"))
