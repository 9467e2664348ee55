"""Finds the nodes of a graph that should stay FP32, so that the rest may be INT8.

Each node is quantised alone and its noise at the graph's output measured. These noises add up
(measured: within 0.3 dB), so the cheapest set of nodes that has to go is known without trying sets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import onnx
from onnx import numpy_helper, shape_inference

from tts_daemon.workshop.measure.graph_player import Feeds
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize.noise import NoiseMeter, Target
from tts_daemon.workshop.quantize.static import StaticQuantizer

CONVERSION = 0.002
"""What a node without work of its own costs all the same, at the change between FP32 and INT8."""


@dataclass(frozen=True, slots=True)
class NodeNoise:
    """One node, quantised alone.

    Attributes:
        node: Its name.
        excess: Its noise as a share of what is allowed; one value per criterion of the target.
        work: Its share of the graph's multiplications, 0 to 1.
    """

    node: str
    excess: tuple[float, ...]
    work: float

    @property
    def worth(self) -> float:
        """How much noise goes for the work of keeping it FP32."""
        return sum(self.excess) / (self.work + CONVERSION)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search ended with.

    Attributes:
        model: The quantised graph; the FP32 one if nothing may be quantised.
        kept: Nodes that stay FP32, and why.
    """

    model: onnx.ModelProto
    kept: tuple[NodeNoise, ...]


def search(
    voice: TorchVoice,
    graph: str,
    model: onnx.ModelProto,
    feeds: Sequence[Feeds],
    *,
    target: Target,
    exclude: Sequence[str] = (),
    report: Callable[[str], None] = lambda _line: None,
) -> Found:
    """Quantise one graph; put nodes back to FP32 until its noise is below the target.

    Args:
        voice: The voice that the graph belongs to.
        graph: Its name.
        model: The FP32 graph.
        feeds: Inputs of real runs.
        target: What is allowed.
        exclude: Nodes that stay FP32 in any case.
        report: Told what is being done.
    """
    quantizer = StaticQuantizer(model, feeds)
    meter = NoiseMeter(voice, graph, model, feeds, target)
    whole = quantizer.build(exclude)
    if max(meter.excess(whole)) <= 1:
        return Found(whole, ())
    candidates = [node for node in quantizer.nodes if node not in exclude]
    report(f"  {meter.describe(whole)}; measuring {len(candidates)} nodes")
    work = work_shares(model, feeds[0], quantizer.nodes)
    noises = [
        NodeNoise(node, meter.excess(quantizer.build(only=[node])), work[node])
        for node in candidates
    ]
    kept = cheapest(noises)
    while len(kept) < len(noises):
        found = quantizer.build([*exclude, *(item.node for item in kept)])
        if max(meter.excess(found)) <= 1:
            report(f"  {meter.describe(found)} with {len(kept)} nodes in FP32")
            return Found(found, tuple(kept))
        # The noises did not add up exactly: one more.
        kept = [*kept, max((n for n in noises if n not in kept), key=lambda n: n.worth)]
    report("  nothing of it can be quantised")
    return Found(model, tuple(noises))


def cheapest(noises: Sequence[NodeNoise]) -> list[NodeNoise]:
    """The nodes to keep FP32: most noise for the least work first, until the rest is quiet."""
    rest = sorted(noises, key=lambda item: item.worth)
    kept: list[NodeNoise] = []
    while rest and not _fits(rest):
        kept.append(rest.pop())
    # Some that were taken early may not be needed after all; the most expensive go back first.
    for item in sorted(kept, key=lambda item: item.work, reverse=True):
        if _fits([*rest, item]):
            kept.remove(item)
            rest.append(item)
    return kept


def _fits(noises: Sequence[NodeNoise]) -> bool:
    """Whether these nodes may all be INT8."""
    return all(sum(shares) <= 1 for shares in zip(*(item.excess for item in noises), strict=True))


def work_shares(model: onnx.ModelProto, feeds: Feeds, nodes: Sequence[str]) -> dict[str, float]:
    """Multiplications of each node as a share of all of them, for inputs of this size."""
    sizes = _sizes(model, feeds)
    weights = {item.name: numpy_helper.to_array(item).shape for item in model.graph.initializer}
    work = {
        node.name: _multiplications(node, sizes.get(node.output[0], [1]), weights[node.input[1]])
        for node in model.graph.node
        if node.name in nodes
    }
    total = sum(work.values()) or 1
    return {name: value / total for name, value in work.items()}


def _sizes(model: onnx.ModelProto, feeds: Feeds) -> dict[str, list[int]]:
    """Shape of every value for inputs of this size."""
    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    for item in sized.graph.input:
        dims = item.type.tensor_type.shape.dim
        for dim, size in zip(dims, feeds[item.name].shape, strict=True):
            dim.dim_value = size
    for item in sized.graph.output:
        item.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(sized, data_prop=True)
    return {
        item.name: [dim.dim_value for dim in item.type.tensor_type.shape.dim]
        for item in inferred.graph.value_info
    }


def _multiplications(node: onnx.NodeProto, output: Sequence[int], weight: Sequence[int]) -> int:
    channels = weight[0] if node.op_type == "Conv" else weight[-1]
    return math.prod(weight) * math.prod(output) // channels
