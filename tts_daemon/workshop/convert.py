"""A published model directory -> a voice package, from the first check to the last figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import onnx

from tts_daemon.errors import VoiceError
from tts_daemon.workshop import calibration, quality, quantize_static
from tts_daemon.workshop.checkpoint import VoiceFiles, find_files, load_voice, open_model
from tts_daemon.workshop.export import export_graphs
from tts_daemon.workshop.graph_player import Sentence
from tts_daemon.workshop.package import PackageGraphs, write_package
from tts_daemon.workshop.voice import Notes, Voice

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Conversion:
    """What to make of a model.

    Attributes:
        voice: Name inside the model directory; None for the first.
        precision: `int8` or `fp32`.
        calibration: Texts, one a line; None for the shipped list.
        exclude: Graphs that stay FP32 (`decoder`) or nodes of one (`decoder:pnca.0.pos_ffn.w_1`).
        notes: Fields of `Notes` to use instead of the model's own.
        force: Write the package though its quality is below the target, or though one exists.
    """

    voice: str | None = None
    precision: str = "int8"
    calibration: Path | None = None
    exclude: tuple[str, ...] = ()
    notes: Mapping[str, object] = field(default_factory=dict)
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
        VoiceError: The package cannot be written, or its quality is below the target.
    """
    if target.exists() and not wanted.force:
        raise VoiceError(f"{target}: exists; `tts-voices remove {target.name}` first, or --force")
    with ExitStack() as unpacked:
        if isinstance(source, Path):
            source = find_files(unpacked.enter_context(open_model(source)), wanted.voice)
        report(f"loading {source.name}")
        voice = load_voice(source)
    voice = replace(voice, notes=_notes(voice.notes, wanted.notes))
    report("exporting")
    exported = export_graphs(voice)
    graphs = PackageGraphs(exported, dict.fromkeys(exported, "fp32"))
    if wanted.precision == "int8":
        graphs = quantize(voice, exported, wanted, report)
    return write_package(voice, graphs, target, replace=wanted.force)


def _notes(notes: Notes, changes: Mapping[str, object]) -> Notes:
    return replace(notes, **{key: value for key, value in changes.items() if value is not None})  # type: ignore[arg-type]


def quantize(
    voice: Voice, exported: Mapping[str, onnx.ModelProto], wanted: Conversion, report: Report
) -> PackageGraphs:
    """Calibrate, quantise and measure.

    Raises:
        VoiceError: The quality is below the target and `force` is not set.
    """
    spoken = list(calibration.sentences(voice, calibration.read_texts(wanted.calibration)))
    report(f"running {len(spoken)} calibration sentences")
    feeds = calibration.record(voice, exported, spoken)
    models: dict[str, onnx.ModelProto] = {}
    for name, model in exported.items():
        models[name] = model
        if name not in quantize_static.NEVER and name not in wanted.exclude:
            report(f"quantising {name}")
            options = quantize_static.StaticOptions(exclude=_nodes(wanted.exclude, name))
            models[name] = quantize_static.quantize(model, feeds[name], options)
    precisions = {name: "fp32" if models[name] is exported[name] else "int8" for name in exported}
    report("measuring")
    figures = quality.measure(voice, exported, models, _probes(spoken))
    quality.check(figures, report, force=wanted.force)
    return PackageGraphs(models, precisions, figures.manifest())


def _nodes(exclude: Sequence[str], graph: str) -> tuple[str, ...]:
    """`decoder:dec_out_proj` names a node of the decoder."""
    pairs = (item.partition(":") for item in exclude)
    return tuple(node for name, _, node in pairs if name == graph and node)


def _probes(spoken: Sequence[Sentence]) -> list[Sentence]:
    """Some sentences of middling length to measure with: every emotion, not every sentence."""
    middling = [sentence for sentence in spoken if 15 <= len(sentence.symbols) <= 80]
    chosen = middling or list(spoken)
    return chosen[:: max(1, len(chosen) // 12)]
