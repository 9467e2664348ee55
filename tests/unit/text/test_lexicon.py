"""The user's lexicon: what it may say, what it refuses, and when it is read again."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from tts_daemon.text.frontend import Frontend
from tts_daemon.text.lexicon import Lexicon
from tts_daemon.text.normalize import Pronunciation


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lexicon.yaml"


def _write(path: Path, text: str) -> None:
    """Write with a time of its own, also where the file system's clock is coarse."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


def _load(path: Path) -> tuple[Lexicon, list[str]]:
    lexicon, warnings = Lexicon(path), list[str]()
    lexicon.refresh(warnings.append)
    return lexicon, warnings


def test_kinds_of_entries(path: Path) -> None:
    _write(path, 'USB: 优盘\n单县: shan4 xian4\n"/(\\\\d+)匹/": "\\\\1 匹马力"\n绿: LÜ4\n')
    lexicon, warnings = _load(path)
    assert warnings == []
    assert lexicon.readings == {"单县": "shan4 xian4", "绿": "lv4"}
    assert lexicon.rewrite("USB和3匹", ()) == ("优盘和3 匹马力", ())


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("单县: shan4", "2 characters but 1 syllables"),
        ("单县: shan4 xyz3", "'xyz3' is no Chinese syllable"),
        ('"/(/": 甲', "not a regular expression"),
        ('"/(?<=a)b/": 甲', "without look-around"),
        ("'/(a)b/': '甲\\\\2'", "there is no group 2"),
        ('"/a*/": 甲', "matches nothing"),
        ('"/a/": "\\\\2"', "not a regular expression"),
        ('"/x*/": 甲', "matches nothing"),
        ("单县: [1, 2]", "not of the form"),
        ("单县:", "a word and a reading are needed"),
    ],
)
def test_wrong_entry_is_named_by_its_line_and_the_rest_stays(
    path: Path, entry: str, problem: str
) -> None:
    _write(path, f"# mine\n厦门: sha4 men2\n{entry}\n台州: tai1 zhou1\n")
    lexicon, warnings = _load(path)
    assert set(lexicon.readings) == {"厦门", "台州"}
    (warning,) = warnings
    assert f"{path}, line 3" in warning
    assert problem in warning


def test_line_that_is_no_yaml_does_not_silence_the_others(path: Path) -> None:
    _write(path, "厦门: sha4 men2\n单县: [shan4\n# mine\n'台州: tai1\n丽水: li2 shui3\n")
    lexicon, warnings = _load(path)
    assert lexicon.readings == {"厦门": "sha4 men2", "丽水": "li2 shui3"}
    assert all(f"{path}, line {n}: no YAML" in w for n, w in zip((2, 4), warnings, strict=True))


def test_unreadable_file_leaves_the_entries_as_they_were(path: Path) -> None:
    _write(path, "单县: shan4 xian4\n")
    lexicon, warnings = _load(path)
    path.write_bytes(b"\xff\xfe\xff")
    assert not lexicon.refresh(warnings.append)
    assert lexicon.readings == {"单县": "shan4 xian4"}
    assert str(path) in warnings[0]


def test_list_is_no_lexicon(path: Path) -> None:
    _write(path, "- 单县\n")
    lexicon, warnings = _load(path)
    assert lexicon.readings == {}
    assert "line 1" in warnings[0]


def test_file_may_come_change_and_go(path: Path) -> None:
    frontend = Frontend(path)

    def pinyin() -> str:
        return " ".join(next(iter(frontend.read("单县"))).pinyin)

    _write(path, "单县: dan1 xian2\n")
    assert pinyin() == "dan1 xian2"
    _write(path, "单县: dan4 xian3\n")
    assert pinyin() == "dan4 xian3"
    path.unlink()
    assert pinyin() == "shan4 xian4"


def test_unchanged_file_is_not_read_again(path: Path) -> None:
    _write(path, "单县: shan4 xian4\n")
    lexicon, warnings = _load(path)
    assert not lexicon.refresh(warnings.append)


def test_given_pronunciations_keep_their_places(path: Path) -> None:
    _write(path, "USB: 优盘\n重: 中\n")
    lexicon, _ = _load(path)
    given = (Pronunciation(3, 4, ("chong2",)),)
    text, moved = lexicon.rewrite("USB重USB", given)
    assert text == "优盘重优盘"
    assert [text[item.start : item.end] for item in moved] == ["重"]


def test_english_word_by_chinese_syllables(path: Path) -> None:
    _write(path, "GPT: ji1 pi4 ti4\n")
    clause = next(iter(Frontend(path).read("GPT很快")))
    assert clause.pinyin[:3] == ("ji1", "pi4", "ti4")


def test_no_expression_of_a_user_takes_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.yaml"
    _write(path, '"/(a+)+b/": 甲\n"/(?P<n>一|二)号(楼)/": "\\\\g<n>栋\\\\2"\n')
    lexicon = Lexicon(path)
    lexicon.refresh(print)
    text = "a" * 10000 + "二号楼" + "aab"
    assert lexicon.rewrite(text, ())[0] == "a" * 10000 + "二栋楼" + "甲"


def test_entries_that_feed_each_other_end(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.yaml"
    _write(path, "".join(f"{one}: {two * 90}\n" for one, two in pairwise("甲乙丙丁戊己庚辛")))
    lexicon = Lexicon(path)
    lexicon.refresh(print)
    assert len(lexicon.rewrite("甲" * 10, ())[0]) <= 10 * 90


@pytest.mark.parametrize("nest", ["[", "- "])
def test_a_file_that_is_nested_deeply_costs_its_own_line_only(path: Path, nest: str) -> None:
    _write(path, f"USB: 优盘\nA: {nest * 200_000}\n")
    lexicon, warnings = _load(path)
    assert lexicon.rewrite("USB", ()) == ("优盘", ())
    assert len(warnings) == 1
    assert "line 2" in warnings[0]


def test_of_a_file_that_is_wrong_throughout_only_so_many_lines_are_told(path: Path) -> None:
    _write(path, "重庆: cong2 qing4\n" + "\n".join(f"词{n}: [1]" for n in range(50_000)))
    lexicon, warnings = _load(path)
    assert lexicon.readings == {"重庆": "cong2 qing4"}
    assert len(warnings) == 21
    assert "49980 more" in warnings[-1]
