"""Writes a voice package: the graphs and their manifest (docs/voice-package.md)."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from tts_daemon.errors import VoiceError
from tts_daemon.voices.manifest import FILE_NAME, FORMAT, Manifest, verify
from tts_daemon.workshop.export.channels_last import channels_last
from tts_daemon.workshop.export.int8_products import int8_products
from tts_daemon.workshop.export.streaming import make_streaming
from tts_daemon.workshop.models.hifigan import GeneratorParams
from tts_daemon.workshop.models.hifigan.excitation import AMPLITUDE
from tts_daemon.workshop.models.sambert.regulator import DurationPosition
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize.static import check_weights
from tts_daemon.workshop.quantize.torchscript.scripts import ScriptFile

REPORT_NAME = "quality.json"


@dataclass(frozen=True, slots=True)
class PackageGraphs:
    """What is to be written.

    Attributes:
        models: Graph name -> ONNX graph, or TorchScript.
        precisions: Graph name -> `fp32` or `int8`.
        quality: Figures for the manifest.
        report: All that was measured; written beside the manifest as `quality.json`.
    """

    models: Mapping[str, onnx.ModelProto | ScriptFile]
    precisions: Mapping[str, str]
    quality: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)


def write_package(
    voice: TorchVoice, graphs: PackageGraphs, directory: Path, *, replace: bool = False
) -> Path:
    """Write the package `directory`; its last part is the voice's new name.

    All files are written beside it first: a package is there completely or not at all.

    Raises:
        VoiceError: The name is no plain name, the package exists, an INT8 weight lies outside
            -127 ... 127, or the disk refuses.
    """
    name = directory.name
    if not re.fullmatch(r"[\w][\w.-]*", name):
        raise VoiceError(f"{name!r} is no voice name: letters, digits, _ . - only")
    if directory.exists() and not replace:
        raise VoiceError(f"{directory}: exists; remove the voice first or choose another name")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=directory.parent))
    except OSError as error:
        raise VoiceError(f"{directory.parent}: cannot be written: {error.strerror}") from error
    try:
        _write_files(voice, graphs, draft, name)
        _move(draft, directory)
    except OSError as error:
        raise VoiceError(f"{directory}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return directory


def _write_files(voice: TorchVoice, graphs: PackageGraphs, draft: Path, name: str) -> None:
    entries = {}
    look_ahead = 0
    for graph, model in graphs.models.items():
        file = _graph_file(graph, model)
        look_ahead = max(look_ahead, file.look_ahead_frames)
        (draft / file.name).write_bytes(file.content)
        entries[graph] = {
            "file": file.name,
            "precision": graphs.precisions[graph],
            "sha256": hashlib.sha256(file.content).hexdigest(),
            "bytes": len(file.content),
        }
    content_of = manifest(voice, name)
    content_of |= {
        "vocoder_look_ahead_frames": look_ahead,
        "graphs": entries,
        "quality": {**voice.notes.quality, **graphs.quality},
    }
    text = json.dumps(content_of, ensure_ascii=False, indent=1)
    (draft / FILE_NAME).write_text(text + "\n", encoding="utf-8")
    if graphs.report:
        report = json.dumps(graphs.report, ensure_ascii=False, indent=1)
        (draft / REPORT_NAME).write_text(report + "\n", encoding="utf-8")
    # The reader's own checks: what it would refuse must not be written.
    verify(Manifest.load(draft), draft)
    draft.chmod(0o755)


@dataclass(frozen=True, slots=True)
class _GraphFile:
    name: str
    content: bytes
    look_ahead_frames: int = 0


def _graph_file(graph: str, model: onnx.ModelProto | ScriptFile) -> _GraphFile:
    """What is written of one graph."""
    if isinstance(model, ScriptFile):
        return _GraphFile(f"{graph}.ts", model.content, model.look_ahead_frames)
    check_weights(model)
    look_ahead = 0
    if graph == "vocoder":
        streaming = make_streaming(model)
        model, look_ahead = channels_last(streaming.model), streaming.look_ahead_frames
    else:
        model = int8_products(model)
    return _GraphFile(f"{graph}.onnx", model.SerializeToString(deterministic=True), look_ahead)


def _move(draft: Path, directory: Path) -> None:
    """Put the finished draft in its place; an older package steps aside first."""
    if directory.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{directory.name}-old-", dir=directory.parent))
        directory.replace(old / directory.name)
        draft.replace(directory)
        shutil.rmtree(old)
        return
    draft.replace(directory)


def manifest(voice: TorchVoice, name: str) -> dict[str, Any]:
    """Everything that the manifest says without looking at the graphs."""
    config, notes = voice.acoustic.config, voice.notes
    content: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "title": notes.title or voice.name,
        "language": "zh-CN",
        "licence": notes.licence,
        "provenance": notes.provenance,
        "sample_rate": voice.sample_rate,
        "hop_length": voice.hop_length,
        "n_mels": voice.n_mels,
        "frames_per_step": config.outputs_per_step,
        "values_per_frame": config.num_mels,
        "autoregressive": config.autoregressive,
        "symbols": voice.tables,
        "emotions": list(notes.emotions),
        "break_emotion": notes.break_emotion,
        "speaker": notes.speaker or voice.tables["speaker_category"][0],
        "untrained": list(notes.untrained),
        "pitch_per_semitone": notes.pitch_per_semitone,
        "energy_per_unit": notes.energy_per_unit,
        "f0": None if voice.f0 is None else voice.f0.manifest(),
        "source": None,
        "dimensions": _dimensions(voice),
    }
    if notes.pace != 1.0:
        content["pace"] = notes.pace
    if notes.pause_floors_s is not None:
        content["pause_floors_s"] = notes.pause_floors_s
    if notes.sharpening is not None:
        content["sharpening"] = notes.sharpening
    if voice.f0 is not None:
        content["source"] = _source(voice.vocoder.params)
    scales = voice.acoustic.variance_adaptor.dur_position_encoder.inv_timescales.detach().numpy()
    usual = DurationPosition(config.encoder_projection_units).inv_timescales.detach().numpy()
    if not np.allclose(scales, usual, rtol=1e-5):
        content["position_scales"] = [float(scale) for scale in scales]
    return content


def _source(params: GeneratorParams) -> dict[str, Any]:
    source = {"harmonics": params.harmonics, "amplitude": AMPLITUDE, "noise": params.noise}
    return source | {"zero_phases": True} if params.zero_phases else source


def _dimensions(voice: TorchVoice) -> dict[str, int]:
    config = voice.acoustic.config
    block = voice.acoustic.mel_postnet.fsmn.blocks[0]
    return {
        "text": config.encoder_projection_units,
        "condition": config.condition_units,
        "memory": config.memory_units,
        "decoder_layers": config.decoder_num_layers,
        "decoder_heads": config.decoder_num_heads,
        "head_width": config.decoder_num_units // config.decoder_num_heads,
        "decoder_units": config.decoder_num_units,
        "duration_units": config.dur_pred_lstm_units,
        "postnet_layers": config.postnet_fsmn_num_layers,
        "postnet_left": block.left,
        "postnet_right": block.right,
        "postnet_units": config.postnet_num_memory_units,
        "postnet_lstm_units": config.postnet_lstm_units,
    }
