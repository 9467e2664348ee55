"""Writing voice packages: completely, or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tts_daemon.errors import VoiceError
from tts_daemon.voices.manifest import Manifest, verify
from tts_daemon.workshop.models.hifigan import GeneratorParams
from tts_daemon.workshop.models.random_voice import vocoder_yaml
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.package import writer as package
from tts_daemon.workshop.package.writer import PackageGraphs, write_package


@pytest.fixture
def content(graphs: dict[str, onnx.ModelProto]) -> PackageGraphs:
    return PackageGraphs(graphs, dict.fromkeys(graphs, "fp32"), {"mel_distance_db": 0.0})


def test_the_manifest_tells_all(voice: TorchVoice, content: PackageGraphs, tmp_path: Path) -> None:
    write_package(voice, content, tmp_path / "models" / "mine")
    manifest = Manifest.load(tmp_path / "models" / "mine")
    verify(manifest, tmp_path / "models" / "mine")
    assert (manifest.name, manifest.title) == ("mine", "random tiny")
    assert manifest.values_per_frame == 82
    assert manifest.dimensions.memory == 8 * 3 + 8
    assert manifest.symbols["sy"][0] == "a_c"
    assert manifest.source is not None
    assert manifest.source.harmonics == 8
    assert manifest.quality == {"mel_distance_db": 0.0}
    written = json.loads((tmp_path / "models" / "mine" / "voice.json").read_text())
    # Only voices whose checkpoint departs from the formula say how.
    assert "position_scales" not in written


def test_a_voice_of_pulses_says_so(voice: TorchVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    # Only then: daemons from before the key play every other voice.
    assert "zero_phases" not in package.manifest(voice, "x")["source"]
    pulses = replace(voice.vocoder.params, zero_phases=True)
    monkeypatch.setattr(voice.vocoder, "params", pulses)
    assert package.manifest(voice, "x")["source"]["zero_phases"] is True
    config = vocoder_yaml(pulses)["Model"]["Generator"]["params"]
    assert GeneratorParams.from_config(config) == pulses


def test_a_pace_is_written_where_a_voice_has_one(voice: TorchVoice) -> None:
    assert "pace" not in package.manifest(voice, "x")
    slow = replace(voice, notes=replace(voice.notes, pace=0.9))
    assert package.manifest(slow, "x")["pace"] == 0.9


def test_what_the_runtime_does_to_a_voice_is_stated_only_where_it_was_noted(
    voice: TorchVoice,
) -> None:
    stated = {
        "pause_floors_s": {"comma": 0.25},
        "sharpening": {"strength": 0.3, "radius_frames": 2},
    }
    assert not stated.keys() & package.manifest(voice, "x").keys()
    noted = replace(voice, notes=replace(voice.notes, **stated))  # type: ignore[arg-type]
    assert stated.items() <= package.manifest(noted, "x").items()


def test_positions_of_ones_own(voice: TorchVoice) -> None:
    scales = voice.acoustic.variance_adaptor.dur_position_encoder.inv_timescales
    usual = scales.data.clone()
    try:
        scales.data[3] = 7.0
        written = package.manifest(voice, "x")["position_scales"]
    finally:
        scales.data = usual
    assert len(written) == 8
    assert written[3] == 7.0


def test_an_existing_voice_is_not_overwritten(
    voice: TorchVoice, content: PackageGraphs, tmp_path: Path
) -> None:
    target = tmp_path / "mine"
    write_package(voice, content, target)
    (target / "mark").write_text("old")
    with pytest.raises(VoiceError, match="exists"):
        write_package(voice, content, target)
    assert (target / "mark").exists()
    write_package(voice, content, target, replace=True)
    assert not (target / "mark").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["a b", ".hidden", "-x", "a;b"])
def test_names_that_are_none(
    voice: TorchVoice, content: PackageGraphs, tmp_path: Path, name: str
) -> None:
    with pytest.raises(VoiceError, match="is no voice name"):
        write_package(voice, content, tmp_path / name)


def test_a_failure_leaves_nothing_behind(
    voice: TorchVoice, content: PackageGraphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(VoiceError, match="No space left on device"):
        write_package(voice, content, tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_the_older_package(
    voice: TorchVoice, content: PackageGraphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(voice, content, tmp_path / "mine")

    def damaged(*_: object) -> None:
        raise VoiceError("the reader refuses it")

    monkeypatch.setattr(package, "verify", damaged)
    with pytest.raises(VoiceError, match="the reader refuses it"):
        write_package(voice, content, tmp_path / "mine", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    Manifest.load(tmp_path / "mine")


def test_everyone_may_read_it(voice: TorchVoice, content: PackageGraphs, tmp_path: Path) -> None:
    directory = write_package(voice, content, tmp_path / "mine")
    assert directory.stat().st_mode & 0o777 == 0o755
    assert np.all([path.stat().st_mode & 0o444 == 0o444 for path in directory.iterdir()])


def test_a_weight_that_overflows_on_a_cortex_a72(
    voice: TorchVoice, content: PackageGraphs, tmp_path: Path
) -> None:
    broken = onnx.ModelProto()
    broken.CopyFrom(content.models["memory"])
    weight = np.array([[-128, 127]], np.int8)
    broken.graph.initializer.append(numpy_helper.from_array(weight, "fc.weight"))
    graphs = PackageGraphs({**content.models, "memory": broken}, content.precisions)
    with pytest.raises(VoiceError, match=r"fc\.weight: weight -128"):
        write_package(voice, graphs, tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []
