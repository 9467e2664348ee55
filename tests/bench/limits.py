"""How far each graph is from the limit: multiplications a second, against a plain product.

    python -m bench.limits MODEL PACKAGES VOICE      (from tests/; JSON on standard output)

The multiplications are counted in the FP32 graphs of MODEL; the time is that of the same graphs of
package VOICE while it speaks at one thread.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, shape_inference

from tts_daemon.cli.bench import TEXT
from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.timing import TimedEngine
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.voices.store import VoiceStore
from tts_daemon.workshop.checkpoints.checkpoint import find_files, load_voice, open_model
from tts_daemon.workshop.export import export_graphs
from tts_daemon.workshop.measure.graph_player import Feeds, GraphPlayer
from tts_daemon.workshop.quantize import calibration

PRODUCT = 1024
"""Rows, columns and depth of the plain matrix product."""
ROUNDS = 9


def main(model: str, packages: str, voice: str) -> None:
    """Measure and print."""
    peaks = {"fp32": peak("fp32"), "int8": peak("int8")}
    store = VoiceStore([Path(packages)], voice)
    seconds = graph_seconds(store)
    work = multiplications(Path(model))
    precisions = store.find().manifest.graphs
    report: dict[str, Any] = {"voice": voice, "peak_giga_macs_per_s": peaks, "graphs": {}}
    for graph, macs in work.items():
        rate = macs / seconds[graph] / 1e9
        precision = precisions[graph].precision
        report["graphs"][graph] = {
            "precision": precision,
            "giga_macs_per_s_of_audio": round(macs / 1e9, 4),
            "giga_macs_per_s": round(rate, 1),
            "share_of_peak": round(rate / peaks[precision], 3),
            "real_time_factor": round(seconds[graph], 5),
        }
    json.dump(report, sys.stdout, indent=1)


def peak(precision: str) -> float:
    """Billions of multiplications a second of a plain product, one thread, the fastest of some."""
    random = np.random.default_rng(0)
    shape = [PRODUCT, PRODUCT]
    weight = random.integers(-127, 128, shape).astype(np.int8)
    left = random.integers(0, 255, shape).astype(np.uint8)
    kind, operator, result = TensorProto.UINT8, "MatMulInteger", TensorProto.INT32
    if precision == "fp32":
        weight, left = weight.astype(np.float32), left.astype(np.float32)
        kind, operator, result = TensorProto.FLOAT, "MatMul", TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node(operator, ["left", "right"], ["product"])],
        "product",
        [helper.make_tensor_value_info("left", kind, shape)],
        [helper.make_tensor_value_info("product", result, shape)],
        [numpy_helper.from_array(weight, "right")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    times = []
    for _ in range(ROUNDS):
        begin_s = time.perf_counter()
        session.run(None, {"left": left})
        times.append(time.perf_counter() - begin_s)
    return round(PRODUCT**3 / min(times) / 1e9, 1)


def graph_seconds(store: VoiceStore) -> dict[str, float]:
    """Time in each graph per second of speech, the fastest of some."""
    engine = TimedEngine(Engines())
    pool = VoicePool(store, engine, threads=1)
    style = pool.get().usual_style
    synthesizer = Synthesizer(Frontend(), pool)
    runs = []
    for _ in range(ROUNDS):
        engine.clear()
        chunks = synthesizer.stream(TEXT, style)
        audio_s = sum(chunk.duration_s for chunk in chunks)
        runs.append({graph: s / audio_s for graph, s in engine.seconds.items()})
    return {graph: min(run[graph] for run in runs) for graph in runs[0]}


def multiplications(model: Path) -> dict[str, float]:
    """Of each graph, per second of speech."""
    with open_model(model) as root:
        voice = load_voice(find_files(root, None))
    graphs = export_graphs(voice)
    total: defaultdict[str, float] = defaultdict(float)
    known: dict[tuple[Any, ...], int] = {}

    def count(name: str, feeds: Feeds) -> None:
        key = (name, *(array.shape for array in feeds.values()))
        if key not in known:
            known[key] = _of_graph(graphs[name], feeds)
        total[name] += known[key]

    player = GraphPlayer(voice, graphs, listener=count)
    spoken = calibration.sentences(voice, [TEXT])
    samples = sum(len(player.render(sentence).waveform) for sentence in spoken)
    return {name: macs / (samples / voice.sample_rate) for name, macs in total.items()}


def _of_graph(model: onnx.ModelProto, feeds: Feeds) -> int:
    """For inputs of this size."""
    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    for item in sized.graph.input:
        dims = item.type.tensor_type.shape.dim
        for dim, size in zip(dims, feeds[item.name].shape, strict=True):
            dim.dim_value = size
    for item in sized.graph.output:
        item.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(sized, data_prop=True).graph
    shapes = {item.name: list(item.dims) for item in inferred.initializer}
    for item in [*inferred.value_info, *inferred.input, *inferred.output]:
        shapes[item.name] = [dim.dim_value for dim in item.type.tensor_type.shape.dim]
    return sum(_of_node(node, shapes) for node in inferred.node)


def _of_node(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> int:
    if node.op_type == "Conv":
        weight = shapes[node.input[1]]
        return math.prod(shapes[node.output[0]]) * math.prod(weight[1:])
    if node.op_type in ("Gemm", "MatMul"):
        return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    if node.op_type == "LSTM":
        weights = math.prod(shapes[node.input[1]]) + math.prod(shapes[node.input[2]])
        return shapes[node.input[0]][0] * weights
    return 0


if __name__ == "__main__":
    main(*sys.argv[1:])
