"""Opens up the teacher's graph: durations, f0 and energy come out, f0 and energy can be moved.

Kokoro-82M computes them inside; with them labels are exact to the frame, without an aligner.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import GraphProto, NodeProto, TensorProto, helper

from tts_daemon.errors import CheckpointError

F0 = "/encoder/F0_proj/Conv_output_0"
ENERGY = "/encoder/N_proj/Conv_output_0"
DURATION = "/encoder/Clip_output_0"

CONTROLS = ("f0_scale", "f0_bias", "energy_scale", "energy_bias")
"""New inputs, float32 [1] each; voiced f0 becomes f0 x scale + bias, energy likewise."""
OUTPUTS = (DURATION, "f0_moved", "energy_moved")

_UNVOICED_BELOW_HZ = 10.0


def open_up(source: Path, target: Path) -> None:
    """Write the teacher's graph with the controls and outputs above.

    Raises:
        CheckpointError: It is not the graph that this was written for.
    """
    model = onnx.load(source)
    graph = model.graph
    made = {name for node in graph.node for name in node.output}
    if not {F0, ENERGY, DURATION} <= made:
        raise CheckpointError(f"{source}: not the Kokoro graph that the training knows")
    for node in graph.node:
        _read_moved_contours(node)
    graph.initializer.append(
        helper.make_tensor("unvoiced_below", TensorProto.FLOAT, [1], [_UNVOICED_BELOW_HZ])
    )
    for name in CONTROLS:
        graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]))
    _insert(graph, _control_nodes())
    for name in OUTPUTS:
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    onnx.save(model, target)


def _read_moved_contours(node: NodeProto) -> None:
    for place, name in enumerate(node.input):
        if node.op_type == "Squeeze" and name in (F0, ENERGY):
            node.input[place] = "f0_moved" if name == F0 else "energy_moved"


def _control_nodes() -> list[NodeProto]:
    return [
        helper.make_node("Mul", [F0, "f0_scale"], ["f0_scaled"]),
        helper.make_node("Add", ["f0_scaled", "f0_bias"], ["f0_biased"]),
        helper.make_node("Greater", [F0, "unvoiced_below"], ["f0_voiced"]),
        helper.make_node("Where", ["f0_voiced", "f0_biased", F0], ["f0_moved"]),
        helper.make_node("Mul", [ENERGY, "energy_scale"], ["energy_scaled"]),
        helper.make_node("Add", ["energy_scaled", "energy_bias"], ["energy_moved"]),
    ]


def _insert(graph: GraphProto, nodes: list[NodeProto]) -> None:
    """Put each node right behind the last one that it depends on."""
    ordered = list(graph.node)
    for node in nodes:
        wanted = set(node.input)
        places = [i for i, other in enumerate(ordered) if wanted & set(other.output)]
        ordered.insert(max(places, default=-1) + 1, node)
    consumers_first = _sorted(ordered, graph)
    del graph.node[:]
    graph.node.extend(consumers_first)


def _sorted(nodes: list[NodeProto], graph: GraphProto) -> list[NodeProto]:
    """Nodes in an order in which every input is made before it is read."""
    known = {"", *(i.name for i in graph.input), *(i.name for i in graph.initializer)}
    waiting, result = nodes, []
    while waiting:
        blocked = []
        for node in waiting:
            if known.issuperset(node.input):
                known.update(node.output)
                result.append(node)
            else:
                blocked.append(node)
        if len(blocked) == len(waiting):
            raise CheckpointError("the teacher's graph has inputs that nothing makes")
        waiting = blocked
    return result
