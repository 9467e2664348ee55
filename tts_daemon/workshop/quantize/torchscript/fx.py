"""FX graph mode static INT8: prepare_fx, calibration with real runs, convert_fx, TorchScript.

The path of torch itself, for both of its engines (`x86` and `qnnpack`). It is made for comparison:
on the same voice ONNX Runtime is several times faster (docs/quantization.md).
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.ao.quantization import (
    QConfig,
    QConfigMapping,
    default_weight_observer,
    get_default_qconfig,
)
from torch.ao.quantization.fx.custom_config import PrepareCustomConfig
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torch.nn import functional

from tts_daemon.errors import VoiceError
from tts_daemon.workshop.measure.graph_player import Feeds
from tts_daemon.workshop.models.sambert.encoder import PositionEncoder
from tts_daemon.workshop.quantize.static import LOWEST
from tts_daemon.workshop.quantize.torchscript.part import GraphPart

BACKENDS = ("x86", "qnnpack")
NEVER = ("duration", "postnet_lstm")
"""Graphs that stay FP32: their errors would accumulate, or they are all LSTM."""
LOUDEST_LAST = ("generator.conv_post",)
"""An 8-bit waveform hisses: the vocoder's last layer stays FP32."""
ROWS = 2000
"""Symbols, steps or frames that are enough to learn ranges from: observing them is slow."""


@contextmanager
def engine(backend: str) -> Iterator[None]:
    """Let torch's quantised kernels be of this backend for a while.

    Raises:
        VoiceError: This build of torch has no such backend.
    """
    if backend not in torch.backends.quantized.supported_engines:
        supported = ", ".join(torch.backends.quantized.supported_engines)
        raise VoiceError(f"this torch has no {backend} engine; it has {supported}")
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = backend
    try:
        yield
    finally:
        torch.backends.quantized.engine = before


def mapping(backend: str, exclude: Sequence[str] = ()) -> QConfigMapping:
    """Products with weights, and nothing else: what lies between is cheap, and noisy in INT8."""
    wanted: QConfig = get_default_qconfig(backend)  # type: ignore[no-untyped-call]
    wanted = wanted._replace(weight=_symmetric(wanted.weight))
    # Transposed convolutions have no per-channel kernels, and those of x86 (oneDNN) compute
    # something else: 1 dB SNR on a vocoder that has 26 dB without them.
    per_tensor = wanted._replace(weight=_symmetric(default_weight_observer))
    transposed = None if backend == "x86" else per_tensor
    result = QConfigMapping().set_object_type(nn.ConvTranspose1d, transposed)
    for kind in (nn.Linear, nn.Conv1d, nn.ReLU, functional.relu, torch.relu):
        result = result.set_object_type(kind, wanted)
    for name in exclude:
        result = result.set_module_name(name, None)
    return result


def _symmetric(observer: Any) -> Any:
    """The same observer, for weights of -127 ... 127."""
    return observer.with_args(quant_min=LOWEST, quant_max=-LOWEST)


def excluded_modules(
    parts: Mapping[str, GraphPart], exclude: Sequence[str]
) -> dict[str, list[str]]:
    """The modules that exclusions name, by graph.

    Args:
        parts: The graphs of a voice.
        exclude: Graphs (`decoder`) or layers of one (`decoder:pnca.0.pos_ffn.w_1`), named like the
            nodes of the ONNX graphs.

    Raises:
        VoiceError: A graph or layer does not exist; names those that do.
    """
    found: dict[str, list[str]] = {}
    for item in exclude:
        graph, _, layer = item.partition(":")
        if graph not in parts:
            raise VoiceError(f"--exclude {item}: no such graph; there are {', '.join(parts)}")
        layers = _layers(parts[graph])
        named = [name for name in layers if f".{layer}." in f".{name}."]
        if layer and not named:
            raise VoiceError(f"--exclude {item}: no such layer; there are {', '.join(layers)}")
        found.setdefault(graph, []).extend(named if layer else [])
    return found


def _layers(part: GraphPart) -> list[str]:
    kinds = (nn.Linear, nn.Conv1d, nn.ConvTranspose1d)
    return [name for name, module in part.module.named_modules() if isinstance(module, kinds)]


def quantize(
    part: GraphPart, runs: Sequence[Feeds], backend: str, exclude: Sequence[str] = LOUDEST_LAST
) -> GraphPart:
    """Quantise one graph.

    Args:
        part: The FP32 graph; it is not changed.
        runs: Inputs of real runs.
        backend: One of `BACKENDS`.
        exclude: Names of modules that stay FP32.

    Raises:
        VoiceError: This build of torch has no such backend, or a weight lies outside -127 ... 127.
    """
    axis = 2 if "mel" in part.inputs else 1
    rows = sum(feeds[part.inputs[0]].shape[axis] for feeds in runs)
    chosen = runs[:: max(1, rows // ROWS)]
    module = copy.deepcopy(part.module).eval()
    custom = PrepareCustomConfig().set_non_traceable_module_classes([PositionEncoder])
    with engine(backend), torch.no_grad(), warnings.catch_warnings():
        # torch announces that this way of quantising will move to another package.
        warnings.simplefilter("ignore")
        prepared = prepare_fx(module, mapping(backend, exclude), part.arguments(chosen[0]), custom)
        for feeds in chosen:
            prepared(*part.arguments(feeds))
        quantized = convert_fx(prepared)
    check_weights(quantized)
    return GraphPart(quantized.eval(), part.inputs, part.outputs, backend)


def check_weights(module: nn.Module) -> None:
    """Assert that every INT8 weight is at least -127, as `quantize_static.check_weights` does.

    Raises:
        VoiceError: One is not; names its layer.
    """
    for name, layer in module.named_modules():
        weight = _int8_weight(layer)
        if weight is not None and int(weight.int_repr().min()) < LOWEST:
            raise VoiceError(f"{name}: a weight lies below {LOWEST}, the lowest allowed")


def _int8_weight(layer: nn.Module) -> Tensor | None:
    """The weight of a quantised layer.

    `weight()` of a one-dimensional convolution squeezes the weight that QNNPACK holds itself, in
    place: the layer could not be called again.
    """
    packed = getattr(layer, "_packed_params", None)
    if packed is not None and hasattr(packed, "unpack"):
        weight: Tensor = packed.unpack()[0]
        return weight
    held = getattr(layer, "weight", None)
    found = held() if callable(held) else None
    return found if isinstance(found, Tensor) and found.is_quantized else None
