"""What runs graphs, whichever library does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class GraphOptions:
    """How one graph is run.

    Attributes:
        threads: Threads for the operators of this graph; 1 for a graph that is called in a loop.
        few_shapes: Whether its inputs have few different shapes: then memory is planned once for
            each of them, and not asked for node by node.
        engine: `auto`, or what was found to be fastest: `onnx`, `native`.
    """

    threads: int = 1
    few_shapes: bool = False
    engine: str = "auto"


class Graph(Protocol):
    """One loaded graph. Calls keep no state, so that several streams may share it."""

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Compute all outputs, by name.

        Raises:
            VoiceError: The graph refuses these inputs.
        """
        ...

    def bind(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Callable[[], None]:
        """Prepare a call that is made many times.

        Args:
            inputs: Contiguous arrays; each call reads what they hold then.
            outputs: Contiguous arrays of the shapes that come out; each call overwrites them.

        Returns:
            A function that runs the graph once. The arrays stay the caller's.
        """
        ...

    def empty_states(self) -> dict[str, Array]:
        """What to feed at first to the inputs whose names begin with `state_`.

        Each of them comes back as the output of that name and `_out`, for the next call.
        """
        ...

    def width(self, name: str) -> int:
        """Size of the last axis of an input or output; 0 where the graph leaves it open."""
        ...


class Engine(Protocol):
    """Loads graphs."""

    def load(self, path: Path, options: GraphOptions) -> Graph:
        """Load one graph from its file.

        Raises:
            VoiceError: The file is missing, damaged or made for another engine.
        """
        ...
