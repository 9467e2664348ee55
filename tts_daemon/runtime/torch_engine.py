"""torch: plays TorchScript graphs (FX quantised) for comparison with ONNX Runtime.

Imported only where a package holds such graphs; needs the extra `[convert]`.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tts_daemon.errors import VoiceError
from tts_daemon.printable import shortened
from tts_daemon.runtime.engine import Array, GraphOptions

_DESCRIPTION = "graph.json"
_PRIMITIVES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
"""oneDNN keeps a compiled kernel for every shape, 1024 of them, and texts have ever new shapes: the
published size took 250 MB more over twelve short texts and was still growing; with 64 it took 60,
in the same time. oneDNN looks once, before its first convolution."""


class TorchEngine:
    """Loads TorchScript files on the CPU."""

    def load(self, path: Path, options: GraphOptions) -> TorchGraph:
        """See `Engine`."""
        os.environ.setdefault(*_PRIMITIVES)
        extra = {_DESCRIPTION: ""}
        try:
            # Which kernels the packed weights are for is a setting of the whole process.
            _load(path, extra)
            described = json.loads(extra[_DESCRIPTION])
            torch.backends.quantized.engine = described["backend"]
            module = _load(path, {})
        except Exception as error:  # torch promises no class
            raise VoiceError(
                f"{path}: cannot be loaded by torch {torch.__version__}"
                f" ({_first_line(error)}); convert again"
            ) from error
        return TorchGraph(module.eval(), _Description(**described), options, path.name)


def _load(path: Path, extra: dict[str, str]) -> Any:
    load: Any = torch.jit.load
    with warnings.catch_warnings():
        # torch announces the end of TorchScript at every call.
        warnings.simplefilter("ignore")
        return load(path, map_location="cpu", _extra_files=extra)


@dataclass(frozen=True, slots=True)
class _Description:
    """What the converter says about a graph: names in the order of arguments, fixed widths."""

    inputs: list[str]
    outputs: list[str]
    widths: dict[str, int]
    states: dict[str, list[int]]
    backend: str


class TorchGraph:
    """One TorchScript module."""

    def __init__(
        self, module: Any, description: _Description, options: GraphOptions, name: str
    ) -> None:
        """Wrap a module; `name` stands in messages."""
        self._module = module
        self._description = description
        self._threads = options.threads
        self._name = name

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See `Graph`."""
        if torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        try:
            arguments = [
                torch.from_numpy(np.ascontiguousarray(inputs[name]))
                for name in self._description.inputs
            ]
            with torch.inference_mode():
                made = self._module(*arguments)
        except (RuntimeError, KeyError, TypeError) as error:
            raise VoiceError(
                f"{self._name}: refuses its inputs ({_first_line(error)}); convert again"
            ) from error
        return {
            name: value.numpy() for name, value in zip(self._description.outputs, made, strict=True)
        }

    def bind(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Callable[[], None]:
        """See `Graph`."""

        def call() -> None:
            made = self.run(inputs)
            for name, array in outputs.items():
                array[...] = made[name]

        return call

    def empty_states(self) -> dict[str, Array]:
        """See `Graph`."""
        states = self._description.states.items()
        return {name: np.zeros(shape, np.float32) for name, shape in states}

    def width(self, name: str) -> int:
        """See `Graph`."""
        return self._description.widths.get(name, 0)


def _first_line(error: Exception) -> str:
    return shortened((str(error).strip() or type(error).__name__).partition("\n")[0], 200)
