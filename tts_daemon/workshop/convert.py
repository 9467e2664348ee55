"""A published model directory -> a voice package, from the first check to the last figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import onnx

from tts_daemon.errors import VoiceError
from tts_daemon.workshop import quality, quantize_dynamic
from tts_daemon.workshop.checkpoint import VoiceFiles, find_files, load_voice, open_model
from tts_daemon.workshop.export import export_graphs
from tts_daemon.workshop.package import PackageGraphs, write_package
from tts_daemon.workshop.precision import Calibrated, Quantized, Wishes, quantize_statically
from tts_daemon.workshop.voice import Voice

Report = Callable[[str], None]

MODES = ("static", "dynamic", "fp32")


@dataclass(frozen=True, slots=True)
class Conversion:
    """What to make of a model.

    Attributes:
        voice: Name inside the model directory; None for the first.
        mode: One of `MODES`.
        wishes: How the static quantisation is to be done.
        notes: Fields of `Notes` to use instead of the model's own.
        force: Write the package though its quality is below the limit, or though one exists.
    """

    voice: str | None = None
    mode: str = "static"
    wishes: Wishes = field(default_factory=Wishes)
    notes: dict[str, Any] = field(default_factory=dict)
    force: bool = False


def convert(source: Path | VoiceFiles, target: Path, wanted: Conversion, report: Report) -> Path:
    """Convert one voice.

    Args:
        source: Model directory or voices.zip, or the files of a personal voice one by one.
        target: Directory of the new package.
        wanted: Choices.
        report: Told what is being done.

    Raises:
        CheckpointError: The model cannot be read.
        VoiceError: The package cannot be written, or its quality is below the limit.
    """
    refuse_existing(target, wanted)
    prepared = prepare(source, wanted, report)
    return write(prepared, target, wanted, report)


def refuse_existing(target: Path, wanted: Conversion) -> None:
    """Look before the long work begins. Raises VoiceError."""
    if target.exists() and not wanted.force:
        raise VoiceError(f"{target}: exists; `tts-voices remove {target.name}` first, or --force")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A loaded voice and its FP32 graphs: what every mode starts from."""

    voice: Voice
    exported: Mapping[str, onnx.ModelProto]
    calibrated: Calibrated


def prepare(source: Path | VoiceFiles, wanted: Conversion, report: Report) -> Prepared:
    """Load and export. Raises CheckpointError."""
    with ExitStack() as unpacked:
        if isinstance(source, Path):
            source = find_files(unpacked.enter_context(open_model(source)), wanted.voice)
        report(f"loading {source.name}")
        voice = load_voice(source)
    voice = replace(voice, notes=replace(voice.notes, **wanted.notes))
    report("exporting")
    exported = export_graphs(voice)
    return Prepared(voice, exported, Calibrated(voice, exported, wanted.wishes, report))


def write(prepared: Prepared, target: Path, wanted: Conversion, report: Report) -> Path:
    """Make the graphs of one mode, measure them and write the package.

    Raises:
        VoiceError: The package cannot be written, or its quality is below the limit.
    """
    made = _quantized(prepared, wanted, report)
    figures: dict[str, Any] = {"mode": wanted.mode}
    details: dict[str, Any] = {"mode": wanted.mode}
    if wanted.mode != "fp32":
        report("measuring")
        probes = prepared.calibrated.probes()
        measured = quality.measure(prepared.voice, prepared.exported, made.models, probes)
        quality.check(measured, report, force=wanted.force)
        figures |= measured.manifest()
        details |= measured.manifest() | made.details()
    graphs = PackageGraphs(made.models, made.precisions(prepared.exported), figures, details)
    return write_package(prepared.voice, graphs, target, replace=wanted.force)


def _quantized(prepared: Prepared, wanted: Conversion, report: Report) -> Quantized:
    if wanted.mode == "fp32":
        return Quantized(dict(prepared.exported))
    if wanted.mode == "dynamic":
        report("quantising dynamically")
        graphs = prepared.exported.items()
        return Quantized({name: quantize_dynamic.quantize(model) for name, model in graphs})
    return quantize_statically(prepared.calibrated, wanted.wishes, report)
