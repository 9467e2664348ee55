"""Small decoders with random weights, as the INT8 graphs of a package, and what steps are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from tts_daemon.workshop.export.decoder import decoder_graph
from tts_daemon.workshop.export.int8_products import int8_products
from tts_daemon.workshop.models.sambert import Sambert, SambertConfig
from tts_daemon.workshop.quantize.static import quantize

_SMALL: dict[str, Any] = {
    "encoder_num_layers": 1,
    "decoder_num_layers": 2,
    "decoder_num_units": 64,
    "decoder_ffn_inner_dim": 96,
    "num_mels": 22,
}
LAYOUTS = {
    "fed_back": SambertConfig(**_SMALL, decoder_num_heads=4, decoder_prenet_units=(48, 40)),
    "not_fed_back": SambertConfig(**_SMALL, decoder_num_heads=2, autoregressive=False),
}


def decoder(config: SambertConfig) -> onnx.ModelProto:
    """The graph of one, in INT8."""
    torch.manual_seed(3)
    model = Sambert(config).eval()
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    graph = decoder_graph(model)
    random = np.random.default_rng(4)
    runs = [feeds(config, random, 1, 5, 6) for _ in range(4)]
    return int8_products(quantize(graph, runs))


def saved(config: SambertConfig, directory: Path) -> Path:
    """The same as a file."""
    path = directory / "decoder.onnx"
    onnx.save(decoder(config), path)
    return path


def feeds(
    config: SambertConfig, random: np.random.Generator, steps: int, past: int, view: int
) -> dict[str, NDArray[np.float32]]:
    """Inputs of a call, some places hidden; of one step where frames are fed back."""
    steps = 1 if config.autoregressive else steps
    heads, units = config.decoder_num_heads, config.decoder_num_units
    shapes: dict[str, tuple[int, ...]] = {
        "previous_frames": (1, steps, config.num_mels),
        "step_input": (1, steps, units),
        "self_keys": (config.decoder_num_layers, heads, past, units // heads),
        "self_values": (config.decoder_num_layers, heads, past, units // heads),
        "memory_keys": (config.decoder_num_layers, heads, view, units // heads),
        "memory_values": (config.decoder_num_layers, heads, view, units // heads),
    }
    made = {name: random.standard_normal(shape, np.float32) for name, shape in shapes.items()}
    for name, width, always in (("self_mask", past + steps, past), ("memory_mask", view, 0)):
        mask = np.where(random.random((steps, width)) < 0.3, -1e9, 0).astype(np.float32)
        mask[:, always] = 0  # a step sees itself, and one place of the memory
        made[name] = mask
    return made
