"""The smaller vocoder, and the model directory that holds it in place of the large one."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
import yaml

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.checkpoints.model_files import NOTES_FILE, VoiceFiles
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams
from tts_daemon.workshop.models.random_voice import vocoder_yaml
from tts_daemon.workshop.models.voice import TorchVoice

CHANNELS = 128
RESBLOCK_KERNELS = (3, 7)
RESBLOCK_DILATIONS = ((1, 3), (1, 3))
"""As in the embedded voice; the published ones have 256 channels and three blocks of four."""


def student_params(teacher: GeneratorParams, channels: int = CHANNELS) -> GeneratorParams:
    """A smaller generator that takes and makes the same.

    Raises:
        CheckpointError: It would not be smaller, or the channels cannot be halved at every stage.
    """
    stages = len(teacher.upsample_scales)
    if channels % 2**stages or not 0 < channels <= teacher.channels:
        raise CheckpointError(
            f"--channels {channels}: must be a multiple of {2**stages}, at most {teacher.channels}"
        )
    return replace(
        teacher,
        channels=channels,
        resblock_kernels=RESBLOCK_KERNELS,
        resblock_dilations=RESBLOCK_DILATIONS,
    )


def count_parameters(generator: Generator) -> int:
    """Numbers in a generator."""
    return sum(parameter.numel() for parameter in generator.parameters())


def publish(
    files: VoiceFiles, voice: TorchVoice, student: Generator, step: int, target: Path
) -> None:
    """Write a model directory: the voice as it is, but for its vocoder.

    Args:
        files: Of the large voice.
        voice: The large voice.
        student: The small vocoder, weight-normalised.
        step: How long it was trained.
        target: The directory; written beside it first, and there completely or not at all.

    Raises:
        CheckpointError: The directory exists, or cannot be written.
    """
    _write_whole(target, lambda draft: _write(files, voice, student, step, draft))


def _write_whole(target: Path, write: Callable[[Path], None]) -> None:
    if target.exists():
        raise CheckpointError(f"{target}: exists; remove it, or choose another name")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
            draft = Path(folder) / target.name
            write(draft)
            draft.replace(target)
    except OSError as error:
        raise CheckpointError(f"{target}: cannot be written: {error.strerror or error}") from error


def _write(files: VoiceFiles, voice: TorchVoice, student: Generator, step: int, root: Path) -> None:
    folder = root / "voices" / files.name
    for part in ("am", "voc"):
        (folder / part / "ckpt").mkdir(parents=True)
    copies = {
        files.acoustic_config: "am/config.yaml",
        files.acoustic: "am/ckpt/checkpoint_1.pth",
        files.speaker_embedding: "am/se.npy",
        files.f0_statistics: "am/mvn.npy",
        files.audio_config: "audio_config.yaml",
    }
    for source, name in copies.items():
        if source is not None:
            shutil.copyfile(source, folder / name)
    config = vocoder_yaml(student.params)
    if files.audio_config is None:
        config["audio_config"] = _audio(voice)
    (folder / "voc" / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    state = {"model": {"generator": student.state_dict()}, "steps": step}
    torch.save(state, folder / "voc" / "ckpt" / f"checkpoint_{step}.pth")
    (root / "voices" / "voices.json").write_text(json.dumps({"voices": [files.name]}))
    notes = json.dumps(_notes(voice, step), ensure_ascii=False, indent=1)
    (folder / NOTES_FILE).write_text(notes, encoding="utf-8")


def _audio(voice: TorchVoice) -> dict[str, Any]:
    return {
        "sampling_rate": voice.sample_rate,
        "hop_length": voice.hop_length,
        "n_mels": voice.n_mels,
    }


def _notes(voice: TorchVoice, step: int) -> dict[str, Any]:
    """The voice's own notes, and that its vocoder is another."""
    origin = {
        "voice": voice.notes.provenance,
        "vocoder": f"distilled from the voice's own in {step} steps",
    }
    return {**asdict(voice.notes), "provenance": origin}
