"""tts-bench measures every voice in a process of its own."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tts_daemon.cli import bench_tune
from tts_daemon.cli.bench import TEXT, main
from tts_daemon.runtime.machine import Machine
from tts_daemon.synthesis import profile
from tts_daemon.voices.manifest import GRAPHS, Manifest

TINY = Path(__file__).parents[2] / "data" / "tiny_voice"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The tiny voice twice; the second one says that its vocoder is int8, and is a little off."""
    _install(tmp_path / "tiny", "fp32")
    _install(tmp_path / "tiny-int8", "int8")
    return tmp_path


def _install(directory: Path, precision: str) -> None:
    shutil.copytree(TINY, directory)
    values = json.loads((directory / "voice.json").read_text(encoding="utf-8"))
    values["name"] = directory.name
    graph = values["graphs"]["vocoder"]
    graph["precision"] = precision
    assert hashlib.sha256((directory / graph["file"]).read_bytes()).hexdigest() == graph["sha256"]
    (directory / "voice.json").write_text(json.dumps(values), encoding="utf-8")


def _report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--text", "你好。", "--repeats", "1", "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_every_voice_is_a_row_and_int8_is_compared_with_its_fp32(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = _report(capsys, "--models", str(models))
    assert report["threads"] == 1
    assert set(report["versions"]) == {"python", "tts-daemon", "onnxruntime", "numpy"}
    plain, quantised = report["modes"]
    assert (plain["voice"], plain["mode"]) == ("tiny", "fp32-onnx")
    assert (quantised["voice"], quantised["mode"]) == ("tiny-int8", "static")
    assert plain["snr_db"] is None
    assert quantised["mel_distance_db"] == 0  # the same weights, after all
    for row in report["modes"]:
        assert 0 < row["first_audio_ms"] <= row["latency_50_chars_ms"]
        assert row["real_time_factor"] > 0
        assert row["peak_rss_mb"] > 20
        assert row["size_mb"] == pytest.approx(0.187, abs=0.05)


def test_a_table_for_people(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tiny", "--models", str(models), "--repeats", "1"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "measuring tiny\n"
    lines = printed.out.splitlines()
    assert "onnxruntime" in lines[0]
    assert lines[1].split()[:2] == ["voice", "mode"]
    assert lines[2].split()[:2] == ["tiny", "fp32-onnx"]


def test_a_voice_that_cannot_be_measured_is_one_line(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "tiny" / "vocoder.onnx").write_bytes(b"")
    assert main(["tiny", "--models", str(models), "--json"]) == 1
    error = capsys.readouterr().err
    assert "tiny cannot be measured" in error
    assert "vocoder.onnx" in error
    assert main(["tony", "--models", str(models)]) == 1
    assert "did you mean tiny" in capsys.readouterr().err


def test_a_model_is_measured_in_plain_torch_and_in_packages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    modes = ("--mode", "fp32-torch", "--mode", "fp32-onnx")
    report = _report(capsys, "--random", "tiny", "--keep", str(tmp_path), *modes)
    eager, plain = report["modes"]
    assert (eager["mode"], plain["mode"]) == ("fp32-torch", "fp32-onnx")
    # Nothing is heard before the whole sentence is made.
    assert eager["first_audio_ms"] == eager["latency_50_chars_ms"]
    assert 0 < plain["first_audio_ms"] < plain["latency_50_chars_ms"]
    # The same weights say the same: as long as each other, but for the silence that is cut off.
    assert plain["audio_ms"] == pytest.approx(eager["audio_ms"], rel=0.5)
    assert Manifest.load(tmp_path / "packages" / "fp32-onnx").precision == "fp32"


def test_tuning_writes_the_profile_that_voices_are_loaded_by(
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    systems = tmp_path / "state" / "tuned.json"
    monkeypatch.setenv("TTS_DAEMON__SYNTHESIS__PROFILE", str(systems))
    path = models / "tuned.json"
    # Else chance decides whether what was chosen is faster as a whole.
    monkeypatch.setattr(bench_tune, "_race", lambda *_: (2.0, 1.0))
    report = _report(capsys, "--tune", "tiny", "--models", str(models))
    assert report["profile"] == str(path)
    assert not systems.exists()
    graphs = report["voices"]["tiny"]["graphs"]
    assert set(graphs) == set(GRAPHS)
    assert {graph["voice"] for graph in graphs.values()} <= {"tiny", "tiny-int8"}
    choices = profile.read(path, Machine.here()).choices("tiny")
    assert {graph: choice.threads for graph, choice in choices.items()} == {
        graph: values["threads"] for graph, values in graphs.items()
    }


def test_a_profile_that_is_slower_as_a_whole_is_not_written(
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "state" / "tuned.json"
    monkeypatch.setenv("TTS_DAEMON__SYNTHESIS__PROFILE", str(path))
    monkeypatch.setenv("TTS_DAEMON__VOICE__MODELS", f"[{models}]")
    monkeypatch.setattr(bench_tune, "_race", lambda *_: (1.0, 2.0))
    assert main(["tiny", "--tune", "--repeats", "1"]) == 0
    assert "stays as it is" in capsys.readouterr().out
    assert profile.read(path, Machine.here()).choices("tiny") == {}


def test_the_usual_text_is_50_characters() -> None:
    assert len(TEXT) == 50
