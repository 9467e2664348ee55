"""What no checkpoint says about a voice: `traits.json` beside it, or what is known of its kind."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.checkpoints import safe_files
from tts_daemon.workshop.checkpoints.model_files import VoiceFiles
from tts_daemon.workshop.models.voice import Notes

EMOTIONAL = ("neutral", "angry", "disgust", "fear", "happy", "sad", "surprise")
"""What the published voices whose names end in `_emo` were trained on."""


def read_notes(files: VoiceFiles, energy_is_normalised: bool = False) -> Notes:
    """What `traits.json` says, or what is known of published voices.

    Raises:
        CheckpointError: It has an unknown key, or a value of the wrong kind.
    """
    emotions = EMOTIONAL if files.name.endswith("_emo") else ("neutral",)
    notes = Notes(
        title=files.name,
        provenance=f"converted from {files.acoustic.name} and {files.vocoder.name}",
        emotions=emotions,
        energy_per_unit=1.0 if energy_is_normalised else None,
    )
    if files.notes is None:
        return notes
    content = safe_files.read_yaml(files.notes)
    for key, value in content.items():
        content[key] = _note(files.notes, key, value)
    return replace(notes, **content)


def _note(path: Path, key: str, value: Any) -> Any:
    """One value of the notes, of the kind that its field has."""
    kinds = {item.name: str(item.type) for item in fields(Notes)}
    if key not in kinds:
        raise CheckpointError(f"{path}: unknown key {key!r}; known: {', '.join(kinds)}")
    kind = kinds[key]
    if value is None and "None" in kind:
        return None
    if isinstance(value, str) and kind.startswith("str"):
        return value
    if isinstance(value, int | float) and kind.startswith("float"):
        return float(value)
    if isinstance(value, list) and kind.startswith("tuple"):
        return tuple(str(item) for item in value)
    if isinstance(value, dict) and "dict" in kind:
        return value
    raise CheckpointError(f"{path}: {key}: {value!r} is not of the kind {kind}")
