"""A graph of a voice package as a torch module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


@dataclass(frozen=True, slots=True)
class GraphPart:
    """One graph.

    Attributes:
        module: Takes the inputs in this order, returns a tuple of the outputs.
        inputs, outputs: Names.
        backend: The torch engine that it was quantised for; empty for FP32.
    """

    module: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    backend: str = ""

    def arguments(self, feeds: Mapping[str, NDArray[np.generic]]) -> tuple[torch.Tensor, ...]:
        """The inputs of one run, in the order of the module's arguments."""
        return tuple(torch.from_numpy(np.ascontiguousarray(feeds[name])) for name in self.inputs)

    def run(self, feeds: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.float32]]:
        """One run."""
        if self.backend:
            torch.backends.quantized.engine = self.backend
        with torch.inference_mode():
            made = self.module(*self.arguments(feeds))
        return {name: value.numpy() for name, value in zip(self.outputs, made, strict=True)}
