"""A published model directory -> a voice package, from the first check to the last figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import onnx

from tts_daemon.errors import VoiceError
from tts_daemon.workshop.checkpoints.checkpoint import (
    VoiceFiles,
    find_files,
    load_voice,
    open_model,
)
from tts_daemon.workshop.export import export_graphs
from tts_daemon.workshop.measure import quality
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.package.writer import PackageGraphs, write_package
from tts_daemon.workshop.quantize import dynamic as quantize_dynamic
from tts_daemon.workshop.quantize.precision import (
    Calibrated,
    Quantized,
    Wishes,
    check_exclusions,
    quantize_statically,
)
from tts_daemon.workshop.quantize.torchscript import fx as quantize_fx
from tts_daemon.workshop.quantize.torchscript.part import GraphPart
from tts_daemon.workshop.quantize.torchscript.parts import make_parts
from tts_daemon.workshop.quantize.torchscript.scripts import write_scripts

Report = Callable[[str], None]

MODES = ("static", "dynamic", "fp32", "fx-x86", "fx-qnnpack")
"""`fx-...`: TorchScript by torch's own quantisation, for one of its engines."""


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
class ExportedVoice:
    """A loaded voice and its FP32 graphs: what every mode starts from."""

    voice: TorchVoice
    exported: Mapping[str, onnx.ModelProto]
    calibrated: Calibrated


def prepare(source: Path | VoiceFiles, wanted: Conversion, report: Report) -> ExportedVoice:
    """Load and export. Raises CheckpointError."""
    with ExitStack() as unpacked:
        if isinstance(source, Path):
            source = find_files(unpacked.enter_context(open_model(source)), wanted.voice)
        report(f"loading {source.name}")
        voice = load_voice(source)
    voice = replace(voice, notes=replace(voice.notes, **wanted.notes))
    report("exporting")
    exported = export_graphs(voice)
    return ExportedVoice(voice, exported, Calibrated(voice, exported, wanted.wishes, report))


def write(prepared: ExportedVoice, target: Path, wanted: Conversion, report: Report) -> Path:
    """Make the graphs of one mode, measure them and write the package.

    Raises:
        VoiceError: The package cannot be written, or its quality is below the limit.
    """
    make = _make_torchscript if wanted.mode.startswith("fx-") else _make_onnx
    graphs = make(prepared, wanted, report)
    return write_package(prepared.voice, graphs, target, replace=wanted.force)


def _make_onnx(prepared: ExportedVoice, wanted: Conversion, report: Report) -> PackageGraphs:
    made = _quantized(prepared, wanted, report)
    precisions = made.precisions(prepared.exported)
    if wanted.mode == "fp32":
        return PackageGraphs(made.models, precisions, {"mode": "fp32"})
    figures = _measured(prepared, made.models, wanted, report)
    report_of = {**figures, **made.details(), **_left_out(wanted)}
    return PackageGraphs(made.models, precisions, figures, report_of)


def _quantized(prepared: ExportedVoice, wanted: Conversion, report: Report) -> Quantized:
    if wanted.mode == "fp32":
        return Quantized(dict(prepared.exported))
    if wanted.mode == "dynamic":
        report("quantising dynamically")
        wishes = wanted.wishes
        check_exclusions(prepared.exported, wishes)
        return Quantized(
            quantize_dynamic.quantize_all(prepared.exported, wishes.exclude, wishes.excluded_nodes)
        )
    return quantize_statically(prepared.calibrated, wanted.wishes, report)


def _make_torchscript(prepared: ExportedVoice, wanted: Conversion, report: Report) -> PackageGraphs:
    backend = wanted.mode.removeprefix("fx-")
    wishes, parts = wanted.wishes, make_parts(prepared.voice)
    excluded = quantize_fx.excluded_modules(parts, wishes.exclude)
    feeds = prepared.calibrated.feeds()
    for name, part in parts.items():
        if name not in quantize_fx.NEVER and name not in wishes.exclude:
            report(f"quantising {name} for torch's {backend}")
            exclude = [*quantize_fx.LOUDEST_LAST, *excluded.get(name, ())]
            parts[name] = quantize_fx.quantize(part, feeds[name], backend, exclude)
    figures = _measured(prepared, parts, wanted, report)
    precisions = {name: "int8" if part.backend else "fp32" for name, part in parts.items()}
    scripts = write_scripts(prepared.voice, parts, feeds, backend)
    return PackageGraphs(scripts, precisions, figures, {**figures, **_left_out(wanted)})


def _left_out(wanted: Conversion) -> dict[str, Any]:
    """What a person has kept in FP32, for the report; the search's own choices stand beside it."""
    return {"excluded_by_hand": list(wanted.wishes.exclude)} if wanted.wishes.exclude else {}


def _measured(
    prepared: ExportedVoice,
    models: Mapping[str, onnx.ModelProto | GraphPart],
    wanted: Conversion,
    report: Report,
) -> dict[str, Any]:
    """Figures for the manifest. Raises VoiceError below a limit."""
    report("measuring")
    probes = prepared.calibrated.probes()
    figures = quality.measure(prepared.voice, prepared.exported, models, probes)
    quality.check(figures, report, force=wanted.force)
    return {"mode": wanted.mode, **figures.manifest()}
