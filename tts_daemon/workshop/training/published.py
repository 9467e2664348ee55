"""Writes a trained voice in the published layout: `tts-voices convert` takes it like any other.

Beside the published files stands `traits.json`, which the converter reads where it finds it:
`emotions` (names that were trained, the default first), `pitch_per_semitone` and `energy_per_unit`
(what to add to pitch and energy for one semitone and one standard deviation), `pace` (factor on the
teacher's speaking rate), `untrained` (`sy` names never heard in training), `title`, `licence` and
`provenance`.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from tts_daemon.workshop.training.acoustic.data import SEMITONES, Moments, make_item
from tts_daemon.workshop.training.acoustic.trainer import trained_params
from tts_daemon.workshop.training.corpus import tables
from tts_daemon.workshop.training.corpus.corpus import Corpus
from tts_daemon.workshop.training.corpus.features import (
    HOP_LENGTH,
    N_FFT,
    N_MELS,
    SAMPLE_RATE,
    WIN_LENGTH,
)
from tts_daemon.workshop.training.states import required_state
from tts_daemon.workshop.training.vocoder.trainer import VOCODER_PARAMS

TITLE = "屋音"
LICENCE = "Apache-2.0"
PROVENANCE = (
    "Trained for this project on speech of Kokoro-82M (Apache-2.0), a blend of its Mandarin styles"
    " zf_xiaoxiao and zf_xiaobei, reading sentences of Tatoeba (CC BY 2.0 FR, https://tatoeba.org)"
    " and sentences of a home that were written for it."
)
PACE = 0.9
"""The teacher is brisk: a little slower, more is understood (docs/decisions/0001)."""


def publish(name: str, acoustic: Path, vocoder: Path, corpus: Corpus, target: Path) -> None:
    """Write the model directory of voice `name`.

    Args:
        acoustic: State of the acoustic training.
        vocoder: State of the vocoder's training.
        corpus: What both were trained on.
        target: Directory to write; what was there is replaced.

    Raises:
        CheckpointError: A state is missing.
    """
    acoustic_state, vocoder_state = required_state(acoustic), required_state(vocoder)
    draft = target.with_name(target.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    voice = draft / "voices" / name
    for part in ("am", "voc"):
        (voice / part / "ckpt").mkdir(parents=True)
    _save(voice / "am", {"model": acoustic_state["model"]}, acoustic_state["step"])
    _save(
        voice / "voc", {"model": {"generator": vocoder_state["generator"]}}, vocoder_state["step"]
    )
    _write_yaml(voice / "am" / "config.yaml", _acoustic_config(acoustic_state))
    _write_yaml(voice / "voc" / "config.yaml", _vocoder_config())
    _write_yaml(voice / "audio_config.yaml", {"audio_config": _audio_config()})
    _write_json(draft / "voices" / "voices.json", {"voices": [name]})
    _write_json(draft / "configuration.json", _configuration())
    _write_json(draft / "traits.json", traits(corpus, acoustic_state))
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def traits(corpus: Corpus, acoustic_state: dict[str, Any]) -> dict[str, Any]:
    """What the model itself does not say about the voice."""
    pitch, energy = (Moments(**acoustic_state[name]) for name in ("pitch", "energy"))
    train, _ = corpus.split()
    heard = {name for sentence in train for name in sentence.label.sy}
    emotions = {sentence.label.emotion for sentence in train}
    return {
        "title": TITLE,
        "licence": LICENCE,
        "provenance": PROVENANCE,
        "emotions": sorted(emotions, key=lambda emotion: (emotion != "neutral", emotion)),
        "pitch_per_semitone": 1.0 / SEMITONES / pitch.std,
        "energy_per_unit": _energy_deviation(corpus, energy),
        "pace": PACE,
        "untrained": [sy for sy in tables.SY[: -len(tables.SPEAKER) + 1] if sy not in heard],
    }


def _energy_deviation(corpus: Corpus, energy: Moments) -> float:
    """How much one phone's energy differs from utterance to utterance.

    Between phones it differs far more, as vowels are louder than consonants.
    """
    levels: dict[str, list[float]] = defaultdict(list)
    for sentence in corpus.split()[0]:
        for sy, level in zip(
            sentence.label.sy, energy.normalize(make_item(corpus, sentence).energy), strict=True
        ):
            levels[sy].append(float(level))
    phones = [np.array(values) for sy, values in levels.items() if not sy.startswith("#")]
    return float(np.concatenate([values - values.mean() for values in phones]).std())


def _save(folder: Path, state: dict[str, Any], step: int) -> None:
    torch.save(state, folder / "ckpt" / f"checkpoint_{step}.pth")


def _acoustic_config(state: dict[str, Any]) -> dict[str, Any]:
    return {
        "model_type": "sambert",
        "Model": {"KanTtsSAMBERT": {"params": trained_params(state)}},
        "linguistic_unit": {
            "cleaners": "english_cleaners",
            "lfeat_type_list": "sy,tone,syllable_flag,word_segment,emo_category,speaker_category",
            "speaker_list": tables.SPEAKER[0],
        },
    }


def _vocoder_config() -> dict[str, Any]:
    return {"model_type": "hifigan", "Model": {"Generator": {"params": VOCODER_PARAMS}}}


def _audio_config() -> dict[str, Any]:
    return {
        "sampling_rate": SAMPLE_RATE,
        "hop_length": HOP_LENGTH,
        "win_length": WIN_LENGTH,
        "n_fft": N_FFT,
        "n_mels": N_MELS,
        "fmin": 0.0,
        "fmax": SAMPLE_RATE / 2,
        "norm_type": "mean_std",
    }


def _configuration() -> dict[str, Any]:
    return {
        "framework": "pytorch",
        "task": "text-to-speech",
        "model": {
            "type": "sambert-hifigan",
            "lang_type": "pinyin",
            "sample_rate": SAMPLE_RATE,
            "am": {"linguistic_unit": {"has_mask": True}},
        },
    }


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
