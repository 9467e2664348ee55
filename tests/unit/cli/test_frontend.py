"""tts-frontend prints what the front end makes of a text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tts_daemon.cli.frontend import main


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "明天出去玩儿吧，", "iPhone不带。"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["text"] == "明天出去玩儿吧， iPhone不带。"
    (sentence,) = described["sentences"]
    assert list(sentence)[:6] == ["text", "spoken", "words", "pinyin", "breaks", "symbols"]
    assert (sentence["kind"], sentence["question"]) == ("statement", None)
    assert sentence["pinyin"][4] == "wanr2"
    assert "IPHONE" in sentence["pinyin"]
    assert len(sentence["words"]) == len(sentence["breaks"])
    assert sentence["symbols"].startswith("{m_c$tone2$s_begin$word_begin$emotion_neutral$F7} ")
    assert sentence["symbols"].endswith("{#4$tone_none$s_none$word_none$emotion_none$F7}")


def test_batch_has_one_line_for_each_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ["你好。", "", "再见！走好。"]
    path = tmp_path / "texts"
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    assert main(["--batch", str(path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["text"] for line in lines] == texts
    assert [len(line["sentences"]) for line in lines] == [1, 0, 2]


def test_table_shows_the_stages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["湿度45%。[pause=1s]好"]) == 0
    output = capsys.readouterr().out
    for part in ("湿度45%。", "percent", "百分之四十五", "si4 shi2 wu3", "s_c ii_c", "pause 1 s"):
        assert part in output


def test_table_counts_what_is_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["今天真开心😊。"]) == 0
    output = capsys.readouterr().out
    assert "emoji" in output
    assert "1 without a reading" in output


def test_table_shows_what_the_lexicon_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text("USB: 优盘\n", encoding="utf-8")
    assert main(["--lexicon", str(path), "插入USB"]) == 0
    output = capsys.readouterr().out
    assert "lexicon" in output
    assert "插入优盘" in output


def test_lexicon_can_be_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text("单县: dan1 xian2\n坏: xyz1\n", encoding="utf-8")
    assert main(["--json", "--lexicon", str(path), "单县"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["sentences"][0]["pinyin"] == ["dan1", "xian2"]
    assert "line 2" in captured.err


def test_missing_batch_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--batch", str(tmp_path / "none")]) == 1
    assert "none" in capsys.readouterr().err


def test_a_lexicon_that_is_not_there_or_wrong_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lexicon", str(tmp_path / "no.yaml"), "你好"]) == 1
    assert "no.yaml: there is no such file" in capsys.readouterr().err
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("长沙: chang9 sha1\n", encoding="utf-8")
    assert main(["--lexicon", str(wrong), "你好"]) == 0
    assert "wrong.yaml, line 1: '长沙': 'chang9' is no Chinese syllable" in capsys.readouterr().err
