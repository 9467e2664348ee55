"""The torch models and the exported graphs compute what the reference implementation computed."""

from pathlib import Path

import numpy as np
import pytest

from tts_daemon.workshop.measure import parity

GOLDEN = Path(__file__).parents[1] / "golden"
DIRECTORIES = sorted(path.parent for path in GOLDEN.glob("*/golden.npz"))


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_golden_directories(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parity.main([str(directory)]) == 0
    lines = capsys.readouterr().out.splitlines()
    stages = {tuple(line.split()[:2]) for line in lines}
    asked = ("ids", "durations", "pitch", "energy", "mel", "waveform")
    assert {(engine, stage) for engine in ("torch", "graphs") for stage in asked} <= stages
    torch_differences = [float(line.split()[2]) for line in lines if line.startswith("torch")]
    assert max(torch_differences) < 1e-4


def test_rounding_of_f0_does_not_hide_the_vocoder() -> None:
    differences = parity.worst(parity.compare(GOLDEN / "zhgold_nsf_se"))
    assert differences["torch", "waveform"] < 2e-6
    assert differences["graphs", "waveform"] < 1e-5


def test_a_stricter_tolerance_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert parity.main([str(GOLDEN / "zhgold_spk"), "--tolerance", "1e-12"]) == 1
    assert "above 1e-12" in capsys.readouterr().out


def test_a_wrong_model_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = GOLDEN / "zhgold_spk"
    (tmp_path / "symbols.txt").write_text((directory / "symbols.txt").read_text())
    with np.load(directory / "golden.npz") as content:
        golden = dict(content)
    golden["mel_raw_1"] = golden["mel_raw_1"] + 0.01
    golden["dur_2"] = golden["dur_2"][:-1]
    np.savez(tmp_path / "golden.npz", **golden)
    (tmp_path / "voices").mkdir()
    for path in (directory / "voices").rglob("*"):
        target = tmp_path / "voices" / path.relative_to(directory / "voices")
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    assert parity.main([str(tmp_path)]) == 1
    lines = {tuple(line.split()[:2]): line for line in capsys.readouterr().out.splitlines()}
    assert "1.000e-02" in lines["torch", "mel"]
    assert "inf" in lines["graphs", "durations"]
    assert lines["torch", "waveform"].endswith("ok")


def test_what_is_needed_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parity.main([str(tmp_path)]) == 2
    assert "symbols.txt and golden.npz are needed" in capsys.readouterr().err
