"""tts-quantize: several precisions of one model."""

import json
from pathlib import Path

import pytest

from tts_daemon.cli import quantize
from tts_daemon.voices.manifest import Manifest
from tts_daemon.workshop.models.random_voice import make_random_voice


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_random_voice(tmp_path_factory.mktemp("model") / "tiny")


def run(model: Path, tmp_path: Path, *arguments: str) -> int:
    texts = tmp_path / "texts.txt"
    texts.write_text("你好，今天天气怎么样？\n太好了！\n")
    common = ["--name", "mine", "--models", str(tmp_path / "models")]
    return quantize.main([str(model), *common, "--calibration", str(texts), *arguments])


def test_modes_side_by_side(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(model, tmp_path, "--mode", "fp32", "--mode", "dynamic", "--mode", "static") == 0
    table = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in table] == ["mode", "fp32", "dynamic", "static"]
    models = tmp_path / "models"
    assert {path.name for path in models.iterdir()} == {"mine", "mine-dynamic", "mine-fp32"}
    dynamic = Manifest.load(models / "mine-dynamic").graphs
    # Its convolutions stay FP32, and the vocoder is nothing but convolutions.
    assert dynamic["vocoder"].precision == "fp32"
    assert dynamic["decoder"].precision == dynamic["duration"].precision == "int8"


def test_figures_as_json(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(model, tmp_path, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["mode"]) == ("mine", "static")
    assert row["graph_snr_db"]["vocoder"] > 20
    report = json.loads((tmp_path / "models" / "mine" / "quality.json").read_text())
    assert set(report) >= {"graph_snr_db", "mel_distance_db", "duration_error", "kept_in_fp32"}


def test_what_is_too_far_from_fp32_is_refused(
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tts_daemon.workshop.measure.quality.VOCODER_SNR_DB", 90.0)
    assert run(model, tmp_path) == 1
    assert "vocoder SNR below 90.0 dB; --force writes it all the same" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()
    assert run(model, tmp_path, "--force") == 0
    assert (tmp_path / "models" / "mine" / "voice.json").is_file()


def test_existing_voices_are_seen_before_the_work(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models" / "mine-fp32").mkdir(parents=True)
    assert run(model, tmp_path, "--mode", "static", "--mode", "fp32") == 1
    said = capsys.readouterr().err
    assert "mine-fp32: exists" in said
    assert "calibration" not in said
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["mine-fp32"]


def test_a_package_is_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = Path(__file__).parents[2] / "data" / "tiny_voice"
    assert run(package, tmp_path) == 1
    assert "is it a Sambert model?" in capsys.readouterr().err
