"""Cuts the teacher's graph in two: what it wants to say how, and the sound of that.

Kokoro-82M computes durations, f0 and energy inside. With them labels are exact to the frame without
an aligner; and f0 can be moved in between, where the second half then follows it.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import GraphProto, ModelProto, TensorProto, helper
from onnx.utils import Extractor

from tts_daemon.errors import CheckpointError

F0 = "/encoder/F0_proj/Conv_output_0"
ENERGY = "/encoder/N_proj/Conv_output_0"
"""Per frame of 12.5 ms, one behind the other in the last dimension."""
DURATION = "/encoder/Clip_output_0"
"""Units of 25 ms per letter."""
WAVEFORM = "waveform"

PROSODY_FILE, SOUND_FILE = "kokoro_prosody.onnx", "kokoro_sound.onnx"


def cut(source: Path, folder: Path) -> None:
    """Write both halves of the teacher's graph into `folder`.

    The first gives `F0`, `ENERGY`, `DURATION` and what else the second one reads; that one gives
    `WAVEFORM`.

    Raises:
        CheckpointError: It is not the graph that this was written for.
    """
    model = onnx.load(source)
    graph = model.graph
    made = {name for node in graph.node for name in node.output}
    if not {F0, ENERGY, DURATION} <= made or not graph.output:
        raise CheckpointError(f"{source}: not the Kokoro graph that the training knows")
    border = _border(graph)
    last = graph.output[0].name
    _declare(graph, border)
    inputs = [value.name for value in graph.input]
    first = _extract(model, inputs, sorted({F0, ENERGY, DURATION} | border))
    second = _extract(model, sorted({F0, ENERGY} | border), [last])
    _rename(second.graph, last, WAVEFORM)
    for half, name in ((first, PROSODY_FILE), (second, SOUND_FILE)):
        draft = folder / f"{name}.draft"
        onnx.save(half, draft)
        draft.replace(folder / name)


def _border(graph: GraphProto) -> set[str]:
    """Values that nodes behind f0 and energy read from nodes that are not behind them."""
    behind, read = {F0, ENERGY}, set()
    for node in graph.node:  # in the order of computation
        if behind.isdisjoint(node.input):
            continue
        behind.update(node.output)
        read.update(node.input)
    made = {name for node in graph.node for name in node.output}
    given = {value.name for value in graph.input}
    return (read & (made | given)) - behind - {""}


def _declare(graph: GraphProto, names: set[str]) -> None:
    """Say of values that they are numbers, where shape inference did not."""
    known = {value.name for value in (*graph.value_info, *graph.input, *graph.output)}
    for name in sorted(names | {F0, ENERGY, DURATION}):
        if name not in known:
            graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))


def _extract(model: ModelProto, inputs: list[str], outputs: list[str]) -> ModelProto:
    half: ModelProto = Extractor(model).extract_model(inputs, outputs)
    return half


def _rename(graph: GraphProto, old: str, new: str) -> None:
    graph.output[0].name = new
    for node in graph.node:
        for place, name in enumerate(node.output):
            if name == old:
                node.output[place] = new
