"""Chooses the precision of every node of a voice: INT8 where it does no harm, FP32 elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx

from tts_daemon.errors import VoiceError
from tts_daemon.workshop.measure.graph_player import Feeds, SentenceInputs
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize import calibration
from tts_daemon.workshop.quantize import static as quantize_static
from tts_daemon.workshop.quantize.lstm import lstm_nodes, quantize_lstms
from tts_daemon.workshop.quantize.noise import TARGETS, Target
from tts_daemon.workshop.quantize.search import NodeNoise, search

Report = Callable[[str], None]

NO_TARGET = Target(snr_db=-300.0)
"""Every version reaches it: quantise all, search nothing."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a voice is to be quantised.

    Attributes:
        calibration: Texts, one a line; None for the shipped list.
        exclude: Graphs that stay FP32 (`decoder`) or nodes of one (`decoder:pnca.0.pos_ffn.w_1`).
        search: Put nodes back to FP32 until every graph reaches its target.
        targets: Graph -> target, where it is not the usual one.
    """

    calibration: Path | None = None
    exclude: tuple[str, ...] = ()
    search: bool = True
    targets: Mapping[str, Target] = field(default_factory=dict)

    def target(self, graph: str) -> Target:
        """What the graph must reach."""
        return {**TARGETS, **self.targets}.get(graph, NO_TARGET) if self.search else NO_TARGET

    def excluded_nodes(self, graph: str) -> tuple[str, ...]:
        """Nodes of one graph that stay FP32."""
        pairs = (item.partition(":") for item in self.exclude)
        return tuple(node for name, _, node in pairs if name == graph and node)


@dataclass(frozen=True, slots=True)
class Quantized:
    """The graphs of a voice in mixed precision.

    Attributes:
        models: Graph name -> graph.
        kept: Graph name -> nodes that a search put back to FP32, with its reasons.
    """

    models: dict[str, onnx.ModelProto]
    kept: dict[str, tuple[NodeNoise, ...]] = field(default_factory=dict)

    def precisions(self, exported: Mapping[str, onnx.ModelProto]) -> dict[str, str]:
        """`int8` or `fp32` for every graph."""
        return {name: "int8" if _has_int8(self.models[name]) else "fp32" for name in exported}

    def details(self) -> dict[str, Any]:
        """The search's choices for the report: its nodes, their noise and their work."""
        return {
            "kept_in_fp32": {
                graph: [
                    {
                        "node": item.node,
                        "noise_of_allowed": [round(share, 3) for share in item.excess],
                        "work": round(item.work, 4),
                    }
                    for item in nodes
                ]
                for graph, nodes in self.kept.items()
                if nodes
            }
        }


def _has_int8(model: onnx.ModelProto) -> bool:
    return any(item.data_type == onnx.TensorProto.INT8 for item in model.graph.initializer)


class Calibrated:
    """A voice's FP32 graphs, with the inputs of real runs, recorded when they are needed."""

    def __init__(
        self,
        voice: TorchVoice,
        exported: Mapping[str, onnx.ModelProto],
        wishes: Wishes,
        report: Report,
    ) -> None:
        """Take a voice and its FP32 graphs; nothing is run yet."""
        self.voice, self.exported = voice, exported
        self._texts, self._report = wishes.calibration, report
        self._spoken: list[SentenceInputs] = []
        self._feeds: dict[str, list[Feeds]] = {}

    def spoken(self) -> Sequence[SentenceInputs]:
        """The calibration sentences. Raises CheckpointError if their file cannot be read."""
        if not self._spoken:
            texts = calibration.read_texts(self._texts)
            self._spoken = list(calibration.sentences(self.voice, texts))
        return self._spoken

    def feeds(self) -> Mapping[str, Sequence[Feeds]]:
        """Inputs of each graph."""
        if not self._feeds:
            self._report(f"running {len(self.spoken())} calibration sentences")
            self._feeds = calibration.record(self.voice, self.exported, self.spoken())
        return self._feeds

    def probes(self) -> list[SentenceInputs]:
        """Sentences of middling length to measure with: all emotions, not every sentence."""
        middling = [item for item in self.spoken() if 15 <= len(item.symbols) <= 80]
        chosen = middling or list(self.spoken())
        return chosen[:: max(1, len(chosen) // 12)]


def quantize_statically(calibrated: Calibrated, wishes: Wishes, report: Report) -> Quantized:
    """Calibrate, quantise every graph, and search where a target is missed.

    Raises:
        VoiceError: A graph or node to exclude does not exist.
    """
    check_exclusions(calibrated.exported, wishes)
    feeds = calibrated.feeds()
    made = Quantized({})
    for name, model in calibrated.exported.items():
        made.models[name] = model
        if name in quantize_static.NEVER or name in wishes.exclude:
            continue
        report(f"quantising {name}")
        lstms = lstm_nodes(model)
        excluded = wishes.excluded_nodes(name)
        found = search(
            calibrated.voice,
            name,
            model,
            feeds[name],
            target=wishes.target(name),
            exclude=[node for node in excluded if node not in lstms],
            report=report,
        )
        made.models[name] = quantize_lstms(found.model, exclude=excluded)
        made.kept[name] = found.kept
    return made


def check_exclusions(exported: Mapping[str, onnx.ModelProto], wishes: Wishes) -> None:
    """Look whether all exclusions exist before the work begins.

    Raises:
        VoiceError: A graph or node to exclude does not exist; names those that do.
    """
    for item in wishes.exclude:
        graph, _, node = item.partition(":")
        if graph not in exported:
            raise VoiceError(f"--exclude {item}: no such graph; there are {', '.join(exported)}")
        nodes = [*quantize_static.quantized_nodes(exported[graph]), *lstm_nodes(exported[graph])]
        if node and node not in nodes:
            raise VoiceError(f"--exclude {item}: no such node; there are {', '.join(nodes)}")
