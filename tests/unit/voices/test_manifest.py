"""voice.json is read strictly, and its errors say which key and what to do."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from fakes import toy_voice as toy

from tts_daemon.domain import PauseKind
from tts_daemon.errors import VoiceError
from tts_daemon.voices.manifest import GRAPHS, F0Scale, Manifest, Source, verify
from tts_daemon.voices.pause_floors import PauseFloors
from tts_daemon.voices.sharpening import Sharpening

PATH = Path("/models/toy/voice.json")
TINY = Path(__file__).parents[2] / "data" / "tiny_voice"


def _without(key: str) -> dict[str, Any]:
    values = toy.manifest_values()
    del values[key]
    return values


def _inside(section: str, **changes: Any) -> dict[str, Any]:
    values = toy.manifest_values()
    return {**values, section: {**values[section], **changes}}


def test_everything_is_read() -> None:
    manifest = toy.manifest()
    assert (manifest.name, manifest.sample_rate, manifest.hop_length) == ("toy", 1000, 10)
    assert manifest.symbols["speaker_category"] == ("F7", "M1")
    assert manifest.f0 == F0Scale(factor_hz=100.0, offset_hz=30.0)
    assert manifest.dimensions.postnet_delay == 4
    assert manifest.graphs["decoder"].file == "decoder.onnx"
    assert manifest.size_bytes() == 8


def test_mean_and_deviation_scale_f0_too() -> None:
    f0 = {"normalization": "mean_std", "mean": 200, "std": 40.5}
    assert toy.manifest(f0=f0).f0 == F0Scale(factor_hz=40.5, offset_hz=200.0)


def test_sines_start_apart_unless_the_voice_was_trained_with_pulses() -> None:
    source = toy.manifest_values()["source"]
    for given, expected in (({}, False), ({"zero_phases": True}, True)):
        parsed = Manifest.parse({**toy.manifest_values(), "source": source | given}, PATH).source
        assert parsed is not None
        assert parsed.zero_phases is expected


def test_a_voice_may_have_a_pace_of_its_own() -> None:
    assert Manifest.parse(toy.manifest_values(), PATH).pace == 1.0
    assert Manifest.parse({**toy.manifest_values(), "pace": 0.9}, PATH).pace == 0.9


def test_a_voice_may_have_its_mels_sharpened() -> None:
    assert Manifest.parse(toy.manifest_values(), PATH).sharpening is None
    stated = {"strength": 0.3, "radius_frames": 2}
    manifest = Manifest.parse({**toy.manifest_values(), "sharpening": stated}, PATH)
    assert manifest.sharpening == Sharpening(0.3, 2)


def test_a_voice_may_state_how_long_its_pauses_are_at_least() -> None:
    assert Manifest.parse(toy.manifest_values(), PATH).pause_floors == PauseFloors()
    stated = Manifest.parse({**toy.manifest_values(), "pause_floors_s": {"comma": 0.3}}, PATH)
    assert stated.pause_floors == PauseFloors(comma=0.3)
    assert [stated.pause_floors.of(kind) for kind in PauseKind] == [0, 0.12, 0.3, 0.3, 0.4, 0.7]


MAY_BE_NULL = {
    "break_emotion",
    "speaker",
    "position_scales",
    "pitch_per_semitone",
    "energy_per_unit",
    "f0",
    "source",
    "quality",
}


@pytest.mark.parametrize("key", sorted(toy.manifest_values().keys() - MAY_BE_NULL))
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(VoiceError, match=rf"voice\.json: {key} is missing; convert or download"):
        Manifest.parse(_without(key), PATH)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({**toy.manifest_values(), "format": 2}, "format is 2, this version plays 1"),
        ({**toy.manifest_values(), "sampel_rate": 1}, "sampel_rate is not .* mean sample_rate"),
        ({**toy.manifest_values(), "sample_rate": "16000"}, "sample_rate '16000' is not a n"),
        ({**toy.manifest_values(), "sample_rate": True}, "sample_rate True is not a number"),
        ({**toy.manifest_values(), "hop_length": 0}, r"hop_length 0 is out of range \(1"),
        ({**toy.manifest_values(), "autoregressive": 1}, "autoregressive 1 is not true or"),
        ({**toy.manifest_values(), "emotions": "happy"}, "emotions is not a list of texts"),
        (
            {**toy.manifest_values(), "sharpening": {"strength": 2, "radius_frames": 2}},
            "strength is 2, must be 0 to 1",
        ),
        (
            {**toy.manifest_values(), "sharpening": {"strength": 0.3, "radius_frames": 21}},
            "radius_frames is 21, must be 1 to 20",
        ),
        ({**toy.manifest_values(), "pause_floors_s": {"comma": 9}}, "comma is 9 s, must be 0 to 2"),
        ({**toy.manifest_values(), "pause_floors_s": {"coma": 0}}, "coma is not .* mean comma"),
        ({**toy.manifest_values(), "emotions": []}, "emotions must name at least one"),
        ({**toy.manifest_values(), "emotions": ["glad"]}, "'glad', which symbols.emo_category"),
        ({**toy.manifest_values(), "speaker": "F9"}, "speaker 'F9' is not in symbols.speaker_"),
        ({**toy.manifest_values(), "values_per_frame": 4}, "values_per_frame must be 6"),
        ({**toy.manifest_values(), "f0": None, "values_per_frame": 4}, "source needs f0"),
        ({**toy.manifest_values(), "pitch_per_semitone": float("nan")}, "nan is not a number"),
        ({**toy.manifest_values(), "pace": 0.4}, r"pace 0.4 is out of range \(0.5 to 2"),
        ({**toy.manifest_values(), "pace": "slow"}, "pace 'slow' is not a number"),
        ({**toy.manifest_values(), "position_scales": [1.0]}, "position_scales must be 4 numbers"),
        ({**toy.manifest_values(), "position_scales": [1, 1, 1, 0]}, "none of them 0"),
        ({**toy.manifest_values(), "position_scales": "1"}, "is not a list of numbers"),
        (_inside("f0", normalization="median"), "f0: normalization is 'median', must be"),
        (_inside("source", harmonic=7), "source: harmonic is not .* mean harmonics"),
        (_inside("source", zero_phases=1), "source: zero_phases 1 is not true"),
        (_inside("dimensions", text=None), "dimensions: text None is not a n"),
        (_inside("graphs", extra={}), "graphs: extra is not a key"),
        (_inside("graphs", vocoder="v.onnx"), "graphs: vocoder: must be an object"),
        ({**toy.manifest_values(), "sample_rate": 10**400}, "sample_rate 1000.*out of range"),
        ({**toy.manifest_values(), "position_scales": [10**400] * 4}, "out of range"),
        ([], "must be an object"),
    ],
)
def test_a_wrong_value_is_named(values: Any, message: str) -> None:
    with pytest.raises(VoiceError, match=message):
        Manifest.parse(values, PATH)


@pytest.mark.parametrize("file", ["../decoder.onnx", "/etc/passwd", "a/b.onnx", ""])
def test_a_graph_cannot_lie_outside_of_the_package(file: str) -> None:
    graph = {"file": file, "precision": "fp32", "sha256": "0", "bytes": 1}
    with pytest.raises(VoiceError, match=r"decoder: file is .* plain file name"):
        Manifest.parse(_inside("graphs", decoder=graph), PATH)


def test_an_unknown_precision_is_refused() -> None:
    graph = {"file": "d.onnx", "precision": "fp16", "sha256": "0", "bytes": 1}
    with pytest.raises(VoiceError, match="precision is 'fp16', must be fp32 or int8"):
        Manifest.parse(_inside("graphs", decoder=graph), PATH)


def test_no_manifest_and_no_json(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="missing, so this is no voice package"):
        Manifest.load(tmp_path)
    for broken in ("{", "[" * 100_000, '{"format": ' + "9" * 5000 + "}"):
        (tmp_path / "voice.json").write_text(broken, encoding="utf-8")
        with pytest.raises(VoiceError, match=r"cannot be read .* download it again"):
            Manifest.load(tmp_path)


def _package(directory: Path) -> Manifest:
    values = toy.manifest_values()
    for name, graph in values["graphs"].items():
        content = name.encode() * 1000
        (directory / graph["file"]).write_bytes(content)
        graph.update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    (directory / "voice.json").write_text(json.dumps(values), encoding="utf-8")
    return Manifest.load(directory)


def test_the_right_files_pass(tmp_path: Path) -> None:
    verify(_package(tmp_path), tmp_path)


def test_a_changed_file_is_found(tmp_path: Path) -> None:
    manifest = _package(tmp_path)
    (tmp_path / "memory.onnx").write_bytes(b"memorx" * 1000)
    with pytest.raises(VoiceError, match=r"memory\.onnx: .*sha256 differs.*convert the voice ag"):
        verify(manifest, tmp_path)


def test_a_missing_file_is_found(tmp_path: Path) -> None:
    manifest = _package(tmp_path)
    (tmp_path / "memory.onnx").unlink()
    with pytest.raises(VoiceError, match=r"memory\.onnx: cannot be read"):
        verify(manifest, tmp_path)


def test_the_graphs_of_a_voice_have_these_names() -> None:
    assert " ".join(GRAPHS) == (
        "encoder variance duration memory decoder postnet_fsmn postnet_lstm vocoder"
    )


@pytest.mark.parametrize(
    ("place", "key", "smallest"),
    [
        ("", "sample_rate", 1),
        ("", "hop_length", 1),
        ("", "frames_per_step", 1),
        ("", "vocoder_look_ahead_frames", 0),
        ("source", "harmonics", 1),
        ("dimensions", "text", 1),
        ("dimensions", "decoder_layers", 0),
        ("graphs.decoder", "bytes", 1),
    ],
)
def test_the_smallest_size_is_allowed_and_none_below(place: str, key: str, smallest: int) -> None:
    def values(size: int) -> dict[str, Any]:
        made = toy.manifest_values()
        section = made
        for name in filter(None, place.split(".")):
            section = section[name]
        section[key] = size
        return made

    Manifest.parse(values(smallest), PATH)
    with pytest.raises(VoiceError, match=rf"{key} {smallest - 1} is out of range"):
        Manifest.parse(values(smallest - 1), PATH)


def test_one_mel_is_a_mel() -> None:
    one = {"n_mels": 1, "values_per_frame": 1, "f0": None, "source": None}
    assert toy.manifest(**one).n_mels == 1
    for key in ("n_mels", "values_per_frame"):
        with pytest.raises(VoiceError, match=f"{key} 0 is out of range"):
            toy.manifest(**{**one, key: 0})


def test_what_may_be_null_is_read_where_it_is_not() -> None:
    nothing = toy.manifest(**dict.fromkeys(MAY_BE_NULL - {"f0"}, None))
    assert nothing.break_emotion is None
    assert nothing.speaker is None
    assert nothing.pitch_per_semitone is None
    assert nothing.energy_per_unit is None
    assert nothing.source is None
    assert nothing.quality == {}
    all_of_it = toy.manifest(break_emotion="happy", quality={"mode": "static"})
    assert all_of_it.break_emotion == "happy"
    assert all_of_it.speaker == "M1"
    assert (all_of_it.pitch_per_semitone, all_of_it.energy_per_unit) == (0.25, 0.5)
    assert all_of_it.quality == {"mode": "static"}


def test_positions_follow_the_published_formula_where_none_are_stored() -> None:
    expected = pytest.approx((1.0, 1.0, 100.0, 100.0))
    assert toy.manifest().position_scales == expected
    assert toy.manifest(position_scales=[1, 2, 3, 4.5]).position_scales == (1, 2, 3, 4.5)


def test_one_int8_graph_makes_an_int8_voice() -> None:
    assert toy.manifest().precision == "fp32"
    values = toy.manifest_values()
    values["graphs"]["memory"]["precision"] = "int8"
    mixed = Manifest.parse(values, PATH)
    assert mixed.precision == "int8"
    assert {graph.precision for graph in mixed.graphs.values()} == {"fp32", "int8"}
    assert mixed.graphs["memory"].precision == "int8"


def test_an_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "voice.json").write_text('{"format": 7}', encoding="utf-8")
    with pytest.raises(VoiceError, match=str(tmp_path / "voice.json")):
        Manifest.load(tmp_path)


def test_sines_start_apart_where_nothing_is_said() -> None:
    assert Source(harmonics=8, amplitude=0.1, noise=0.003).zero_phases is False


@pytest.mark.parametrize(
    ("section", "key"), [("dimensions", "decoder_layers"), ("dimensions", "text"), ("", "n_mels")]
)
def test_no_size_takes_the_machine_s_memory(tmp_path: Path, section: str, key: str) -> None:
    values = json.loads((TINY / "voice.json").read_text(encoding="utf-8"))
    (values[section] if section else values)[key] = 10**9
    with pytest.raises(VoiceError, match=key):
        Manifest.parse(values, tmp_path / "voice.json")


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "voice.json")
    with pytest.raises(VoiceError, match="no ordinary file"):
        Manifest.load(tmp_path)
    voice = tmp_path / "voice"
    shutil.copytree(TINY, voice)
    manifest = Manifest.load(voice)
    verify(manifest, voice)
    graph = voice / manifest.graphs["encoder"].file
    graph.unlink()
    os.mkfifo(graph)
    with pytest.raises(VoiceError, match="no ordinary file"):
        verify(manifest, voice)


def test_a_graph_that_was_changed_since_is_noticed(tmp_path: Path) -> None:
    voice = tmp_path / "voice"
    shutil.copytree(TINY, voice)
    manifest = Manifest.load(voice)
    verify(manifest, voice)
    graph = voice / manifest.graphs["encoder"].file
    graph.write_bytes(graph.read_bytes()[:-1] + b"\x00")
    with pytest.raises(VoiceError, match="sha256 differs"):
        verify(manifest, voice)
