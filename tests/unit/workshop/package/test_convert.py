"""What a conversion writes down of its choices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tts_daemon.workshop.package.convert import Conversion, convert
from tts_daemon.workshop.quantize.precision import Wishes


@pytest.mark.parametrize("exclude", [("encoder", "decoder:pnca.0.pos_ffn.w_1"), ()])
def test_layers_left_out_by_hand_are_recorded(
    model: Path, tmp_path: Path, exclude: tuple[str, ...]
) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("你好，今天天气怎么样？\n")
    wishes = Wishes(calibration=texts, exclude=exclude, search=False)
    wanted = Conversion(mode="dynamic", wishes=wishes, force=True)
    package = convert(model, tmp_path / "small", wanted, lambda _line: None)
    report = json.loads((package / "quality.json").read_text(encoding="utf-8"))
    assert tuple(report.get("excluded_by_hand", ())) == exclude
