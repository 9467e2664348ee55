"""Published model directories -> voices, every file checked against its configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.checkpoints import languages, safe_files
from tts_daemon.workshop.checkpoints.model_files import (
    VoiceFiles,
    find_files,
    list_voices,
    open_model,
)
from tts_daemon.workshop.checkpoints.notes import read_notes
from tts_daemon.workshop.checkpoints.symbols import FIELDS, LANGUAGES, published_tables
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams
from tts_daemon.workshop.models.sambert import Sambert, SambertConfig, TableSizes
from tts_daemon.workshop.models.voice import F0Normalization, Notes, TorchVoice

__all__ = ["VoiceFiles", "find_files", "list_voices", "load_voice", "open_model"]

SAMPLE_RATES = (8000, 16000, 24000, 48000)

_TABLES = {
    "sy": "text_encoder.sy_emb.weight",
    "tone": "text_encoder.tone_emb.weight",
    "syllable_flag": "text_encoder.syllable_flag_emb.weight",
    "word_segment": "text_encoder.ws_emb.weight",
    "emotion": "emo_tokenizer.weight",
    "speaker": "spk_tokenizer.weight",
}
_POSITIONS = "text_encoder.ling_enc.position_enc.position_enc"
# Monotonic alignment search is part of the training only.
_TRAINING_ONLY = ("align_attention.",)
_FILLED_PAUSES = "FP_predictor."


def load_voice(files: VoiceFiles, notes: Notes | None = None) -> TorchVoice:
    """Load both models, checked against their configuration and against each other.

    Args:
        files: From `find_files`, or put together by hand.
        notes: What no checkpoint says; by default from `traits.json`, if there is one.

    Raises:
        CheckpointError: A file is missing, damaged, hostile, or does not fit the others; names the
            file and the key.
    """
    acoustic_config = safe_files.read_yaml(files.acoustic_config)
    vocoder_config = safe_files.read_yaml(files.vocoder_config)
    weights = safe_files.read_weights(files.acoustic, "model")
    weights = {k: v for k, v in weights.items() if not k.startswith(_TRAINING_ONLY)}
    tables = _symbol_tables(files, acoustic_config, weights)
    acoustic = _acoustic(files, acoustic_config, weights)
    vocoder = _vocoder(files, vocoder_config)
    params = _section(files.acoustic_config, acoustic_config, "Model", "KanTtsSAMBERT", "params")
    f0 = _f0_scale(files, params)
    audio = _audio(files, acoustic_config, vocoder_config)
    _check_pair(files, acoustic, vocoder, f0, audio)
    return TorchVoice(
        name=files.name,
        acoustic=acoustic,
        vocoder=vocoder,
        tables=tables,
        speaker_table=_speaker_table(files, acoustic),
        sample_rate=audio.sample_rate,
        hop_length=audio.hop_length,
        f0=f0,
        notes=notes or read_notes(files, audio.energy_is_normalised),
    )


def _section(path: Path, config: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    content: Any = config
    for depth, key in enumerate(keys):
        content = content.get(key) if isinstance(content, dict) else None
        if content is None:
            where = ".".join(keys[: depth + 1])
            raise CheckpointError(f"{path}: {where} is missing; is this the right config.yaml?")
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: {'.'.join(keys)} is no mapping")
    return content


def _symbol_tables(
    files: VoiceFiles, config: Mapping[str, Any], weights: Mapping[str, torch.Tensor]
) -> dict[str, list[str]]:
    """Names in id order; the checkpoint's own tables say whether there is a mask symbol."""
    unit = _section(files.acoustic_config, config, "linguistic_unit")
    where = f"{files.acoustic_config}: linguistic_unit"
    language = str(unit.get("language", "PinYin"))
    if language not in LANGUAGES:
        raise CheckpointError(f"{where}.language: {languages.refusal(language)}")
    features = tuple(str(unit.get("lfeat_type_list", "")).replace(" ", "").split(","))
    if features != FIELDS:
        raise CheckpointError(
            f"{where}.lfeat_type_list: {','.join(FIELDS)} expected, not {features}"
        )
    speakers = [name for name in re.split(r"[\s,]+", str(unit.get("speaker_list", ""))) if name]
    if not speakers:
        raise CheckpointError(f"{where}.speaker_list is missing")
    rows = _rows(files.acoustic, weights, "sy")
    tables = published_tables(speakers, rows != len(LANGUAGES[language]) + 2, language)
    for field, key in zip(FIELDS, _TABLES, strict=True):
        found = _rows(files.acoustic, weights, key) if _TABLES[key] in weights else None
        if found is not None and found != len(tables[field]):
            raise CheckpointError(
                f"{files.acoustic}: {_TABLES[key]} has {found} rows, but table {field} has"
                f" {len(tables[field])} names; checkpoint and config.yaml do not belong together"
            )
    return tables


def _rows(path: Path, weights: Mapping[str, torch.Tensor], table: str) -> int:
    key = _TABLES[table]
    if key not in weights or weights[key].ndim != 2:
        raise CheckpointError(f"{path}: model.{key} is missing or no table")
    return int(weights[key].shape[0])


def _acoustic(
    files: VoiceFiles, config: Mapping[str, Any], weights: dict[str, torch.Tensor]
) -> Sambert:
    params = dict(_section(files.acoustic_config, config, "Model", "KanTtsSAMBERT", "params"))
    if _POSITIONS in weights and weights[_POSITIONS].ndim == 3:
        # The table grows when a longer sentence is met in training.
        params["max_len"] = int(weights[_POSITIONS].shape[1])
    if not any(key.startswith(_FILLED_PAUSES) for key in weights):
        # Some configurations promise filled pauses (嗯, 啊) that the checkpoint never learnt.
        params["FP"] = False
    embedding = bool(params.get("SE", False))
    sizes = {
        name: _rows(files.acoustic, weights, name)
        for name in _TABLES
        if not (embedding and name == "speaker")
    }
    try:
        model = Sambert(SambertConfig.from_config(params, TableSizes(**sizes)))
    except CheckpointError as error:
        raise CheckpointError(f"{files.acoustic_config}: {error}") from error
    load_strictly(model, weights, files.acoustic, "model")
    return model.eval()


def _vocoder(files: VoiceFiles, config: Mapping[str, Any]) -> Generator:
    params = _section(files.vocoder_config, config, "Model", "Generator", "params")
    try:
        generator = Generator(GeneratorParams.from_config(params))
    except CheckpointError as error:
        raise CheckpointError(f"{files.vocoder_config}: {error}") from error
    weights = safe_files.read_weights(files.vocoder, "model", "generator")
    load_strictly(generator, weights, files.vocoder, "model.generator")
    return generator.fuse_weight_norm().eval()


def load_strictly(
    module: nn.Module, weights: Mapping[str, torch.Tensor], path: Path, prefix: str
) -> None:
    """Load every parameter, none missing, none left over, all of the right shape.

    Raises:
        CheckpointError: Names the file, the first key that is wrong, and how many more there are.
    """
    wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    complaints = [
        f"{prefix}.{name}: shape {tuple(weights[name].shape)}, {shape} expected"
        for name, shape in wanted.items()
        if name in weights and tuple(weights[name].shape) != shape
    ]
    complaints += [f"{prefix}.{name} is missing" for name in wanted if name not in weights]
    complaints += [f"{prefix}.{name} is unknown" for name in weights if name not in wanted]
    if complaints:
        more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
        raise CheckpointError(
            f"{path}: {complaints[0]}{more}; checkpoint and config.yaml do not belong together"
        )
    module.load_state_dict(dict(weights))


def _speaker_table(files: VoiceFiles, acoustic: Sambert) -> NDArray[np.float32]:
    config = acoustic.config
    if config.tables.speaker:
        return acoustic.spk_tokenizer.weight.detach().numpy().astype(np.float32)
    if files.speaker_embedding is None:
        raise CheckpointError(
            f"{files.acoustic.parent.parent}/se.npy is missing, but params.SE says that there is"
            f" a speaker embedding; {safe_files.AGAIN}, or give the file by --se"
        )
    units = config.speaker_units
    return safe_files.read_array(files.speaker_embedding, units, "params.speaker_units")[None]


def _f0_scale(files: VoiceFiles, params: Mapping[str, Any]) -> F0Normalization | None:
    if not params.get("NSF", False):
        return None
    kind = params.get("nsf_norm_type", "mean_std")
    if kind == "global":
        low = float(params.get("nsf_f0_global_minimum", 30.0))
        high = float(params.get("nsf_f0_global_maximum", 730.0))
        return F0Normalization("global", high - low, low)
    if kind != "mean_std":
        raise CheckpointError(
            f"{files.acoustic_config}: nsf_norm_type: {kind!r} is neither global nor mean_std"
        )
    if files.f0_statistics is None:
        raise CheckpointError(
            f"{files.acoustic.parent.parent}/mvn.npy is missing, but nsf_norm_type is mean_std;"
            f" {safe_files.AGAIN}, or give the file by --mvn"
        )
    mean, std = safe_files.read_array(files.f0_statistics, 2, "f0 mean and std")
    return F0Normalization("mean_std", float(std), float(mean))


@dataclass(frozen=True, slots=True)
class _Audio:
    sample_rate: int
    hop_length: int
    n_mels: int
    energy_is_normalised: bool


def _audio(
    files: VoiceFiles, acoustic_config: Mapping[str, Any], vocoder_config: Mapping[str, Any]
) -> _Audio:
    """The audio configuration, from its own file or from either config.yaml."""
    candidates = [(files.acoustic_config, acoustic_config), (files.vocoder_config, vocoder_config)]
    if files.audio_config is not None:
        candidates.insert(0, (files.audio_config, safe_files.read_yaml(files.audio_config)))
    found = [
        (p, c["audio_config"]) for p, c in candidates if isinstance(c.get("audio_config"), dict)
    ]
    if not found:
        raise CheckpointError(
            f"{files.vocoder_config.parent.parent}/audio_config.yaml is missing; {safe_files.AGAIN}"
        )
    path, audio = found[0]
    try:
        result = _Audio(
            int(audio["sampling_rate"]),
            int(audio["hop_length"]),
            int(audio["n_mels"]),
            audio.get("norm_type") == "mean_std",
        )
    except KeyError as error:
        raise CheckpointError(f"{path}: audio_config.{error.args[0]} is missing") from error
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: audio_config: {error}") from error
    if result.sample_rate not in SAMPLE_RATES:
        raise CheckpointError(
            f"{path}: audio_config.sampling_rate: {result.sample_rate} Hz is not among the"
            f" published rates {SAMPLE_RATES}"
        )
    return result


def _check_pair(
    files: VoiceFiles,
    acoustic: Sambert,
    vocoder: Generator,
    f0: F0Normalization | None,
    audio: _Audio,
) -> None:
    """Refuse an acoustic model and a vocoder that do not belong together."""
    params = vocoder.params
    extra = 0 if f0 is None else 2
    facts = {
        f"num_mels is {acoustic.config.num_mels}, {params.in_channels + extra} expected for"
        f" Generator in_channels {params.in_channels}": acoustic.config.num_mels
        == params.in_channels + extra,
        f"NSF is {f0 is not None}, but the vocoder's nsf_params say {bool(params.harmonics)}": (
            f0 is not None
        )
        == bool(params.harmonics),
        f"audio_config.n_mels is {audio.n_mels}, Generator in_channels"
        f" {params.in_channels}": audio.n_mels == params.in_channels,
        f"audio_config.hop_length is {audio.hop_length}, the vocoder's upsampling makes"
        f" {params.hop_length}": audio.hop_length == params.hop_length,
        f"audio_config.sampling_rate is {audio.sample_rate}, nsf_params.sampling_rate"
        f" {params.sample_rate}": not params.harmonics or audio.sample_rate == params.sample_rate,
    }
    for complaint, holds in facts.items():
        if not holds:
            raise CheckpointError(
                f"{files.vocoder_config}: {complaint}; am and voc do not belong together"
            )
