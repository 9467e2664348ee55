"""Published layouts: wherever the files of a voice lie, the voice that loads is the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from tts_daemon.errors import CheckpointError
from tts_daemon.printable import shortened
from tts_daemon.workshop.checkpoints import languages
from tts_daemon.workshop.checkpoints.checkpoint import find_files, list_voices, load_voice
from tts_daemon.workshop.checkpoints.symbols import published_tables

NAME = "random_emo"


def _base(source: Path, root: Path) -> Path:
    """A base model: `sambert` and `hifigan`, the embedding where the extractor lies."""
    base = root / "basemodel_16k"
    shutil.copytree(source / "am", base / "sambert")
    shutil.copytree(source / "voc", base / "hifigan")
    (base / "speaker_embedding").mkdir()
    (base / "sambert" / "se.npy").rename(base / "speaker_embedding" / "se.npy")
    shutil.copy(source / "audio_config.yaml", base / "audio_config_se_16k.yaml")
    return root


def _inside_the_base(source: Path, root: Path) -> Path:
    return _base(source, root) / "basemodel_16k"


def _personal(source: Path, root: Path) -> Path:
    """What a fine-tuning leaves: `tmp_am`, `data`, and the base model with its vocoder."""
    shutil.copytree(source / "am", root / "tmp_am")
    shutil.copytree(source / "voc", root / "orig_model" / "basemodel_16k" / "hifigan")
    (root / "data" / "se").mkdir(parents=True)
    (root / "tmp_am" / "se.npy").rename(root / "data" / "se" / "se.npy")
    shutil.copy(source / "audio_config.yaml", root / "data" / "audio_config.yaml")
    # Beside the weights that were fine-tuned lie those from which that began.
    tuned = root / "tmp_am" / "ckpt" / "checkpoint_1.pth"
    shutil.copy(tuned, tuned.with_name("checkpoint_2400200.pth"))
    tuned.write_bytes(b"no checkpoint")
    return root


def _with_the_base_complete(source: Path, root: Path) -> Path:
    """The base model's own acoustic model is there as well, and is not what was trained."""
    _personal(source, root)
    other = root / "orig_model" / "basemodel_16k" / "sambert"
    shutil.copytree(source / "am", other)
    (other / "ckpt" / "checkpoint_1.pth").write_bytes(b"not this one")
    return root


def _in_its_work_directory(source: Path, root: Path) -> Path:
    _personal(source, root / "pretrain_work_dir")
    return root


@pytest.mark.parametrize(
    "lay_out",
    [_base, _inside_the_base, _personal, _with_the_base_complete, _in_its_work_directory],
)
def test_every_layout_has_the_same_voice(
    model: Path, tmp_path: Path, lay_out: Callable[[Path, Path], Path]
) -> None:
    root = lay_out(model / "voices" / NAME, tmp_path / "mine")
    (name,) = list_voices(root)
    assert name == root.name
    made, known = load_voice(find_files(root)), load_voice(find_files(model))
    assert np.array_equal(made.speaker_table, known.speaker_table)
    assert made.sample_rate == known.sample_rate
    for mine, theirs in ((made.acoustic, known.acoustic), (made.vocoder, known.vocoder)):
        weights = theirs.state_dict()
        assert all(torch.equal(value, weights[key]) for key, value in mine.state_dict().items())


def test_a_vocoder_of_ones_own_comes_before_the_base_models(model: Path, tmp_path: Path) -> None:
    root = _personal(model / "voices" / NAME, tmp_path / "mine")
    (root / "tmp_voc").mkdir()
    assert "orig_model" in str(find_files(root).vocoder)
    shutil.copytree(model / "voices" / NAME / "voc" / "ckpt", root / "tmp_voc" / "ckpt")
    assert find_files(root).vocoder.parent.parent.name == "tmp_voc"


def _configure(root: Path, section: str, key: str, value: object) -> None:
    path = root / "voices" / NAME / "am" / "config.yaml"
    content = yaml.safe_load(path.read_text())
    part = content["linguistic_unit"] if section == "unit" else None
    (content["Model"]["KanTtsSAMBERT"]["params"] if part is None else part)[key] = value
    path.write_text(yaml.safe_dump(content))


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "model"))


def _edit(root: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    path = root / "voices" / NAME / "am" / "ckpt" / "checkpoint_1.pth"
    content = torch.load(path, weights_only=True)
    change(content["model"])
    torch.save(content, path)


def test_filled_pauses_that_were_configured_but_not_learnt(copy: Path) -> None:
    _configure(copy, "params", "FP", True)
    assert load_voice(find_files(copy)).name == NAME
    _edit(copy, lambda weights: weights.update({"FP_predictor.w_1.weight": torch.zeros(1)}))
    with pytest.raises(CheckpointError, match="FP: models of filled pauses are not supported"):
        load_voice(find_files(copy))


def test_the_tables_of_sichuan(copy: Path) -> None:
    tables = published_tables(["xiaoyue"], language="Sichuan")
    # Taken from the published table: 109 phones, four breaks and the extras.
    assert len(tables["sy"]) == 116
    places = [tables["sy"].index(name) for name in ("ioo_c", "ng_c", "ue_c", "#1")]
    assert places == [27, 62, 65, 109]
    _configure(copy, "unit", "language", "Sichuan")
    _edit(
        copy,
        lambda weights: weights.update(
            {"text_encoder.sy_emb.weight": weights["text_encoder.sy_emb.weight"][:116].clone()}
        ),
    )
    assert load_voice(find_files(copy)).tables["sy"] == tables["sy"]


def test_a_language_that_has_no_table_is_refused_in_one_line(copy: Path) -> None:
    _configure(copy, "unit", "language", "ZhHK")
    with pytest.raises(CheckpointError, match=r"Cantonese: missing is a front end [^\n]*$"):
        load_voice(find_files(copy))


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("damo/speech_sambert-hifigan_tts_chuangirl_Sichuan_16k", "Sichuanese"),
        ("damo/speech_sambert-hifigan_tts_jiajia_Cantonese_16k", "Cantonese"),
        ("damo/speech_sambert-hifigan_tts_xiaoda_WuuShanghai_16k", "Shanghainese"),
        ("damo/speech_sambert-hifigan_tts_en-us_16k", "English"),
        ("damo/speech_sambert-hifigan_tts_luna_en-gb_16k", "English"),
        ("speech_tts/speech_sambert-hifigan_tts_kyong_Korean_16k", "Korean"),
        ("x/tts_Italian_16k", "Italian"),
        ("x/tts_Spanish_16k", "Spanish"),
        ("x/tts_Russian_16k", "Russian"),
        ("damo/speech_sambert-hifigan_tts_zh-cn_16k", None),
        ("damo/speech_personal_sambert-hifigan_nsf_tts_zh-cn_pretrain_16k", None),
        ("voices/zhitian_emo/am/ckpt/checkpoint_980000.pth", None),
    ],
)
def test_a_language_is_known_by_name(name: str, language: str | None) -> None:
    assert languages.foreign([name]) == language


@pytest.mark.parametrize("longest", range(1, 60))
def test_no_message_is_cut_inside_an_address(longest: int) -> None:
    address = "https://hub.example/api/v1/models/a/b?Revision=master"
    for text in (f"404 for url: {address} (try again)", address):
        shown = shortened(text, longest)
        assert "https" not in shown or address in shown
