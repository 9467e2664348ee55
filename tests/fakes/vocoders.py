"""Small vocoders of every published layout, with random weights, as the graphs of a package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from tts_daemon.workshop.export.channels_last import channels_last
from tts_daemon.workshop.export.streaming import make_streaming
from tts_daemon.workshop.export.vocoder import vocoder_graph
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams
from tts_daemon.workshop.quantize.static import StaticOptions, quantize

FRAMES = 40
_SMALL = {
    "channels": 32,
    "upsample_scales": (5, 2),
    "upsample_kernels": (11, 4),
    "resblock_kernels": (3, 7, 11),
    "resblock_dilations": ((1, 3), (1, 5), (2, 7)),
}
_SOURCE = {"harmonics": 3, "sample_rate": 16000}
LAYOUTS = {
    "plain": GeneratorParams(**_SMALL),
    "excited": GeneratorParams(**_SMALL, **_SOURCE),
    "causal": GeneratorParams(**_SMALL, causal=True),
    "excited_causal": GeneratorParams(**_SMALL, **_SOURCE, causal=True),
    "subbands": GeneratorParams(**_SMALL, out_channels=4),
}


@dataclass(frozen=True, slots=True)
class Example:
    """A vocoder's graph and what it is given.

    Attributes:
        path: The graph as a stream.
        mel: [T, n_mels].
        source: [H, N]; None without an excitation.
        exact: What the FP32 graph makes of them [N].
    """

    path: Path
    mel: NDArray[np.float32]
    source: NDArray[np.float32] | None
    exact: NDArray[np.float32]


def example(
    directory: Path, params: GeneratorParams, *, int8: bool = False, exclude: tuple[str, ...] = ()
) -> Example:
    """Make one; in INT8 without the layers of `exclude`."""
    torch.manual_seed(7)
    generator = Generator(params).eval().fuse_weight_norm()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)  # biases too: edges must show
    random = np.random.default_rng(3)
    feeds = {"mel": random.standard_normal((1, params.in_channels, FRAMES)).astype(np.float32)}
    if params.harmonics:
        shape = (1, params.harmonics, FRAMES * params.hop_length)
        feeds["source"] = random.standard_normal(shape).astype(np.float32)
    model = vocoder_graph(generator)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    exact = session.run(None, feeds)[0][0]
    if int8:
        model = quantize(model, [feeds], StaticOptions(exclude=exclude))
    path = directory / "vocoder.onnx"
    onnx.save(channels_last(make_streaming(model).model), path)
    source = feeds["source"][0] if "source" in feeds else None
    return Example(path, feeds["mel"][0].T.copy(), source, exact)
