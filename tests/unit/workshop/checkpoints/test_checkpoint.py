"""Model directories: the published layouts, and every way in which one may be broken."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.checkpoints.checkpoint import (
    VoiceFiles,
    find_files,
    list_voices,
    load_voice,
    open_model,
)
from tts_daemon.workshop.models.voice import Notes, TorchVoice

NAME = "random_emo"


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A model directory that may be broken."""
    return Path(shutil.copytree(model, tmp_path / "model"))


def folder(root: Path) -> Path:
    return root / "voices" / NAME


def load(root: Path) -> TorchVoice:
    return load_voice(find_files(root))


def edit_yaml(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))


def edit_weights(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)


def test_published_layout(model: Path) -> None:
    voice = load(model)
    assert voice.name == NAME
    assert (voice.sample_rate, voice.hop_length, voice.n_mels) == (16000, 200, 80)
    assert voice.f0 is not None
    assert voice.f0.manifest() == {"normalization": "global", "minimum": 30, "maximum": 730}
    assert {name: len(table) for name, table in voice.tables.items()} == {
        "sy": 147,
        "tone": 10,
        "syllable_flag": 8,
        "word_segment": 8,
        "emo_category": 36,
        "speaker_category": 4,
    }
    assert voice.tables["sy"][-7:] == ["#1", "#2", "#3", "#4", "_", "~", "@[MASK]"]
    assert not voice.acoustic.training
    assert not voice.vocoder.training


def test_the_highest_checkpoint_counts(copy: Path) -> None:
    ckpt = folder(copy) / "am" / "ckpt"
    for number in (9, 10):
        shutil.copy(ckpt / "checkpoint_1.pth", ckpt / f"checkpoint_{number}.pth")
    (ckpt / "checkpoint_99.tmp").write_bytes(b"")
    assert find_files(copy).acoustic.name == "checkpoint_10.pth"


@pytest.mark.parametrize("prefix", ["voices/", ""])
def test_voices_zip(copy: Path, prefix: str) -> None:
    archive = copy / "voices.zip"
    with zipfile.ZipFile(archive, "w") as content:
        for path in (copy / "voices").rglob("*"):
            content.write(path, prefix + str(path.relative_to(copy / "voices")))
    shutil.rmtree(copy / "voices")
    for source in (copy, archive):
        with open_model(source) as root:
            assert load(root).name == NAME
        assert not root.exists()


def test_single_files_of_a_personal_voice(model: Path, tmp_path: Path) -> None:
    paths = find_files(model)
    files = VoiceFiles(
        name="mine",
        acoustic=Path(shutil.copy(paths.acoustic, tmp_path / "a.pth")),
        acoustic_config=Path(shutil.copy(paths.acoustic_config, tmp_path / "a.yaml")),
        vocoder=Path(shutil.copy(paths.vocoder, tmp_path / "v.pth")),
        vocoder_config=Path(shutil.copy(paths.vocoder_config, tmp_path / "v.yaml")),
        speaker_embedding=paths.speaker_embedding,
        audio_config=paths.audio_config,
    )
    assert load_voice(files).name == "mine"


def test_one_voice_without_an_index(copy: Path) -> None:
    assert list_voices(folder(copy)) == [NAME]
    assert load(folder(copy)).name == NAME


def test_audio_configuration_inside_config_yaml(copy: Path) -> None:
    audio = yaml.safe_load((folder(copy) / "audio_config.yaml").read_text())
    (folder(copy) / "audio_config.yaml").unlink()
    edit_yaml(folder(copy) / "voc" / "config.yaml", lambda content: content.update(audio))
    assert load(copy).sample_rate == 16000


def test_weights_of_the_training_alignment_are_left_out(copy: Path) -> None:
    edit_weights(
        folder(copy) / "am" / "ckpt" / "checkpoint_1.pth",
        lambda content: content["model"].update({"align_attention.attn_proj.bias": torch.ones(1)}),
    )
    assert load(copy).name == NAME


def test_a_table_of_positions_that_grew(copy: Path) -> None:
    key = "text_encoder.ling_enc.position_enc.position_enc"
    edit_weights(
        folder(copy) / "am" / "ckpt" / "checkpoint_1.pth",
        lambda content: content["model"].update({key: torch.zeros(1, 70, 16)}),
    )
    assert load(copy).acoustic.config.max_len == 70


class TestNotes:
    def test_traits(self, copy: Path) -> None:
        (copy / "traits.json").write_text(
            json.dumps(
                {
                    "title": "小雨",
                    "emotions": ["happy", "neutral"],
                    "pitch_per_semitone": 0.25,
                    "pace": 0.9,
                    "break_emotion": None,
                    "untrained": ["ar_c"],
                    "provenance": {"corpus": "Tatoeba"},
                }
            )
        )
        notes = load(copy).notes
        assert notes.provenance == {"corpus": "Tatoeba"}
        assert (notes.title, notes.emotions, notes.untrained) == (
            "小雨",
            ("happy", "neutral"),
            ("ar_c",),
        )
        assert (notes.pitch_per_semitone, notes.break_emotion) == (0.25, None)
        assert notes.pace == 0.9

    def test_defaults_of_emotional_voices(self, copy: Path) -> None:
        (copy / "traits.json").unlink()
        notes = load(copy).notes
        assert set(notes.emotions) == {
            *("neutral", "happy", "angry", "sad"),
            *("fear", "surprise", "disgust"),
        }
        assert notes.emotions[0] == "neutral"
        assert notes.energy_per_unit == 1.0  # audio_config.norm_type is mean_std

    @pytest.mark.parametrize(
        "content", [{"emotion": "happy"}, {"emotions": "happy"}, {"title": 3}, {"title": None}]
    )
    def test_mistakes_are_named(self, copy: Path, content: dict[str, object]) -> None:
        (copy / "traits.json").write_text(json.dumps(content))
        with pytest.raises(CheckpointError, match=rf"traits\.json: .*{next(iter(content))}"):
            load(copy)

    def test_the_command_line_wins(self, model: Path) -> None:
        assert load_voice(find_files(model), Notes(title="other")).notes.title == "other"


AM = "am/config.yaml"
VOC = "voc/config.yaml"
AUDIO = "audio_config.yaml"
PARAMS = ("Model", "KanTtsSAMBERT", "params")


def changed(*keys: str, to: object) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        for key in keys[:-1]:
            content = content[key]
        if to is None:
            del content[keys[-1]]
        else:
            content[keys[-1]] = to

    return change


@pytest.mark.parametrize(
    ("file", "change", "complaint"),
    [
        (AM, changed("linguistic_unit", "lfeat_type_list", to="sy,tone"), "lfeat_type_list"),
        (AM, changed("linguistic_unit", "language", to="ZhHK"), "language"),
        (AM, changed("linguistic_unit", "speaker_list", to=""), "speaker_list"),
        (AM, changed("linguistic_unit", to=None), "linguistic_unit is missing"),
        (AM, changed("Model", to=None), "Model is missing"),
        (AM, changed(*PARAMS, "decoder_num_layers", to=None), "decoder_num_layers is missing"),
        (AM, changed(*PARAMS, "decoder_num_layers", to="two"), "decoder_num_layers: 'two'"),
        (AM, changed(*PARAMS, "nsf_norm_type", to="none"), "nsf_norm_type: 'none'"),
        (AM, changed(*PARAMS, "NSF", to=False), "NSF is False|num_mels is 82"),
        (AM, changed(*PARAMS, "nsf_norm_type", to="mean_std"), r"mvn\.npy is missing"),
        (VOC, changed("Model", "Generator", "params", "channels", to=30), "channels"),
        (VOC, changed("Model", "Generator", to=None), r"Model\.Generator is missing"),
        (AUDIO, changed("audio_config", "sampling_rate", to=22050), "sampling_rate: 22050"),
        (AUDIO, changed("audio_config", "sampling_rate", to=24000), "sampling_rate is 24000"),
        (AUDIO, changed("audio_config", "sampling_rate", to="fast"), "audio_config: .*fast"),
        (AUDIO, changed("audio_config", "hop_length", to=256), "hop_length is 256"),
        (AUDIO, changed("audio_config", "hop_length", to=None), r"audio_config\.hop_length"),
        (AUDIO, changed("audio_config", "n_mels", to=128), "n_mels is 128"),
    ],
)
def test_configurations_that_do_not_fit(
    copy: Path, file: str, change: Callable[[dict[str, Any]], None], complaint: str
) -> None:
    edit_yaml(folder(copy) / file, change)
    with pytest.raises(CheckpointError, match=rf"(\.yaml|\.npy).*({complaint})|({complaint})"):
        load(copy)


@pytest.mark.parametrize(
    ("part", "change", "complaint"),
    [
        (
            "am",
            lambda c: c["model"].pop("mel_postnet.fc.bias"),
            r"model\.mel_postnet\.fc\.bias is missing",
        ),
        (
            "am",
            lambda c: c["model"].update({"mel_postnet.fc.bias": torch.ones(3)}),
            r"model\.mel_postnet\.fc\.bias: shape \(3,\), \(82,\) expected",
        ),
        (
            "am",
            lambda c: c["model"].update({"surprise.weight": torch.ones(3)}),
            r"model\.surprise\.weight is unknown",
        ),
        (
            "am",
            lambda c: c["model"].update({"text_encoder.sy_emb.weight": torch.ones(99, 16)}),
            r"sy_emb\.weight has 99 rows",
        ),
        (
            "am",
            lambda c: c["model"].pop("text_encoder.sy_emb.weight"),
            r"sy_emb\.weight is missing",
        ),
        ("am", lambda c: c.pop("model"), "no key 'model'"),
        ("voc", lambda c: c["model"].pop("generator"), "no key 'generator'"),
        (
            "voc",
            lambda c: c["model"]["generator"].pop("conv_post.conv1d.weight_g"),
            r"model\.generator\.conv_post\.conv1d\.weight_g is missing",
        ),
    ],
)
def test_weights_that_do_not_fit(
    copy: Path, part: str, change: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    edit_weights(folder(copy) / part / "ckpt" / "checkpoint_1.pth", change)
    with pytest.raises(CheckpointError, match=rf"checkpoint_1\.pth: .*{complaint}"):
        load(copy)


@pytest.mark.parametrize(
    ("missing", "complaint"),
    [
        ("am/ckpt/checkpoint_1.pth", r"am/ckpt: no checkpoint_N\.pth"),
        ("voc/ckpt/checkpoint_1.pth", r"voc/ckpt: no checkpoint_N\.pth"),
        ("am/config.yaml", r"am/config\.yaml: No such file"),
        ("voc/config.yaml", r"voc/config\.yaml: No such file"),
        ("audio_config.yaml", r"audio_config\.yaml is missing"),
        ("am/se.npy", r"se\.npy is missing"),
    ],
)
def test_files_that_are_missing(copy: Path, missing: str, complaint: str) -> None:
    (folder(copy) / missing).unlink()
    with pytest.raises(CheckpointError, match=complaint):
        load(copy)


@pytest.mark.parametrize(
    ("index", "complaint"),
    [
        ('{"voices": ["../../secret"]}', "is a path, not a name"),
        ('{"voices": [""]}', "no list of names"),
        ('{"voices": "one"}', "no list of names"),
        ('{"voices": []}', "no voices/<name>/am"),
        ("[", "cannot be read"),
    ],
)
def test_an_index_that_cannot_be_used(copy: Path, index: str, complaint: str) -> None:
    (copy / "voices" / "voices.json").write_text(index)
    with pytest.raises(CheckpointError, match=complaint):
        find_files(copy)


def test_links_that_leave_the_directory(copy: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("a: 1")
    config = folder(copy) / "am" / "config.yaml"
    config.unlink()
    config.symlink_to(secret)
    with pytest.raises(CheckpointError, match="leads out of the model directory"):
        find_files(copy)


def test_voices_that_are_not_there(model: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"no voice 'other'; there are {NAME}"):
        find_files(model, "other")
    with (
        pytest.raises(CheckpointError, match=r"no such directory or voices\.zip"),
        open_model(tmp_path / "nowhere"),
    ):
        pass


def test_f0_by_mean_and_deviation(copy: Path) -> None:
    edit_yaml(folder(copy) / AM, changed(*PARAMS, "nsf_norm_type", to="mean_std"))
    np.save(folder(copy) / "am" / "mvn.npy", np.array([[210.0], [45.0]]))
    scale = load(copy).f0
    assert scale is not None
    values = np.array([0.0, 1.0, -10.0], np.float32)
    assert scale.to_hz(values).tolist() == [210.0, 255.0, 30.0]
