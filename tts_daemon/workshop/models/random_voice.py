"""Makes model directories with random weights in the published layout.

They sound like nothing, but load, convert, quantise and stream like the real ones: `tiny` lets the
tests run the whole daemon in milliseconds, `published` has the size of the published voices.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.checkpoints.model_files import NOTES_FILE
from tts_daemon.workshop.checkpoints.notes import EMOTIONAL
from tts_daemon.workshop.checkpoints.symbols import FIELDS
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams
from tts_daemon.workshop.models.hifigan.excitation import NOISE
from tts_daemon.workshop.models.sambert import Sambert, SambertConfig, TableSizes

HOP_LENGTH, SAMPLE_RATE, HARMONICS = 200, 16000, 8
_MEAN_LOG_DURATION = 1.8
"""log(1 + frames) that random voices speak at: about five frames a symbol."""

_TINY_ACOUSTIC = SambertConfig(
    max_len=64,
    embedding_dim=16,
    encoder_num_layers=2,
    encoder_num_heads=2,
    encoder_num_units=16,
    encoder_ffn_inner_dim=16,
    encoder_projection_units=8,
    speaker_units=4,
    emotion_units=4,
    predictor_filter_size=5,
    predictor_fsmn_num_layers=2,
    predictor_num_memory_units=8,
    predictor_ffn_inner_dim=8,
    predictor_lstm_units=4,
    dur_pred_prenet_units=(8, 8),
    dur_pred_lstm_units=8,
    decoder_prenet_units=(8, 8),
    decoder_num_layers=2,
    decoder_num_heads=2,
    decoder_num_units=16,
    decoder_ffn_inner_dim=16,
    postnet_filter_size=7,
    postnet_fsmn_num_layers=2,
    postnet_num_memory_units=8,
    postnet_ffn_inner_dim=8,
    postnet_shift=2,
    postnet_lstm_units=8,
)
_TINY_VOCODER = GeneratorParams(
    channels=16,
    kernel_size=3,
    resblock_kernels=(3,),
    resblock_dilations=((1, 3),),
    harmonics=HARMONICS,
    sample_rate=SAMPLE_RATE,
)
_SIZES = {
    "tiny": (_TINY_ACOUSTIC, _TINY_VOCODER),
    "published": (SambertConfig(), GeneratorParams(harmonics=HARMONICS, sample_rate=SAMPLE_RATE)),
}


def make_random_voice(
    directory: Path, size: str = "tiny", *, name: str = "random_emo", seed: int = 0
) -> Path:
    """Write a model directory with one voice: speaker embedding, excitation, global f0 range.

    Raises:
        CheckpointError: The directory exists, or the size is not known.
    """
    if size not in _SIZES:
        raise CheckpointError(f"size {size!r}: {' or '.join(_SIZES)} expected")
    if directory.exists() and any(directory.iterdir()):
        raise CheckpointError(f"{directory}: exists and is not empty")
    config, params = _SIZES[size]
    torch.manual_seed(seed)
    acoustic = Sambert(replace(config, tables=TableSizes()))
    vocoder = Generator(params)
    _liven(acoustic, vocoder)
    folder = directory / "voices" / name
    embedding = np.random.default_rng(seed).normal(size=(1, config.speaker_units))
    _save(folder / "am", acoustic_yaml(config), {"model": acoustic.state_dict()})
    np.save(folder / "am" / "se.npy", embedding.astype(np.float32) * 0.3)
    _save(folder / "voc", vocoder_yaml(params), {"model": {"generator": vocoder.state_dict()}})
    _write_yaml(folder / "audio_config.yaml", {"audio_config": _audio()})
    (directory / "voices" / "voices.json").write_text(json.dumps({"voices": [name]}))
    (directory / "configuration.json").write_text(json.dumps(_configuration()))
    notes = {
        "title": f"random {size}",
        "licence": "Apache-2.0",
        "provenance": f"random weights, seed {seed}: for tests and measurements",
        "emotions": list(EMOTIONAL),
    }
    (directory / NOTES_FILE).write_text(json.dumps(notes))
    return directory


def _liven(acoustic: Sambert, vocoder: Generator) -> None:
    """Fresh weights say nearly the same whatever they read: widen what carries the differences."""
    adaptor = acoustic.variance_adaptor
    wider = {
        acoustic.text_encoder.ling_proj: 4.0,
        adaptor.pitch_predictor.fc: 8.0,
        adaptor.energy_predictor.fc: 8.0,
        adaptor.duration_predictor.fc: 8.0,
        acoustic.decoder.dec_out_proj: 2.0,
    }
    with torch.no_grad():
        for layer, factor in wider.items():
            layer.weight.mul_(factor)
        adaptor.duration_predictor.fc.bias.fill_(_MEAN_LOG_DURATION)
        # f0 around 200 Hz, and voiced more often than not.
        acoustic.mel_postnet.fc.bias[-2:] = torch.tensor([0.25, 0.7])
        output = vocoder.conv_post.conv1d.bias
        if output is not None:
            output.zero_()


def _save(folder: Path, config: dict[str, Any], weights: dict[str, Any]) -> None:
    (folder / "ckpt").mkdir(parents=True)
    torch.save({**weights, "steps": 1}, folder / "ckpt" / "checkpoint_1.pth")
    _write_yaml(folder / "config.yaml", config)


def acoustic_yaml(config: SambertConfig) -> dict[str, Any]:
    """The published configuration file of an acoustic model."""
    params: dict[str, Any] = {
        item.name: getattr(config, item.name) for item in fields(config) if item.name != "tables"
    }
    params = {k: list(v) if isinstance(v, tuple) else v for k, v in params.items()}
    params |= {
        "MAS": False,
        "NSF": True,
        "SE": True,
        "nsf_norm_type": "global",
        "nsf_f0_global_minimum": 30.0,
        "nsf_f0_global_maximum": 730.0,
    }
    unit = {
        "cleaners": "english_cleaners",
        "lfeat_type_list": ",".join(FIELDS),
        "speaker_list": "F7",
    }
    return {
        "model_type": "sambert",
        "Model": {"KanTtsSAMBERT": {"params": params}},
        "linguistic_unit": unit,
    }


def vocoder_yaml(params: GeneratorParams) -> dict[str, Any]:
    """The published configuration file of a vocoder."""
    content: dict[str, Any] = {
        "in_channels": params.in_channels,
        "out_channels": params.out_channels,
        "channels": params.channels,
        "kernel_size": params.kernel_size,
        "upsample_scales": list(params.upsample_scales),
        "upsample_kernal_sizes": list(params.upsample_kernels),
        "resblock_kernel_sizes": list(params.resblock_kernels),
        "resblock_dilations": [list(block) for block in params.resblock_dilations],
        "bias": True,
        "causal": params.causal,
        "nonlinear_activation": "LeakyReLU",
        "nonlinear_activation_params": {"negative_slope": params.slope},
        "use_weight_norm": True,
    }
    if params.harmonics:
        content["nsf_params"] = {
            "nb_harmonics": params.harmonics - 1,
            "sampling_rate": params.sample_rate,
        }
        if params.zero_phases:
            content["nsf_params"]["zero_phases"] = True
        if params.noise != NOISE:
            content["nsf_params"]["noise"] = params.noise
    return {"model_type": "hifigan", "Model": {"Generator": {"params": content}}}


def _audio() -> dict[str, Any]:
    return {
        "sampling_rate": SAMPLE_RATE,
        "hop_length": HOP_LENGTH,
        "n_mels": 80,
        "norm_type": "mean_std",
    }


def _configuration() -> dict[str, Any]:
    unit = {"linguistic_unit": {"has_mask": True}}
    return {
        "framework": "pytorch",
        "task": "text-to-speech",
        "model": {"type": "sambert-hifigan", "sample_rate": SAMPLE_RATE, "am": unit},
    }


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
