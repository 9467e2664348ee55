"""Measures graphs where they are run, for profiles and figures."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

from tts_daemon.runtime.engine import Array, Engine, Graph, GraphOptions


class TimedEngine:
    """An engine whose graphs add up the time that they take.

    Attributes:
        seconds: Time in each graph, by the name of its file without the suffix.
        calls: How often each one was run.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.perf_counter) -> None:
        """Take the engine that loads, and the clock to measure by."""
        self._engine = engine
        self._clock = clock
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: defaultdict[str, int] = defaultdict(int)

    def load(self, path: Path, options: GraphOptions) -> Graph:
        """See `Engine`."""
        return _TimedGraph(self._engine.load(path, options), path.stem, self)

    def clear(self) -> None:
        """Begin anew."""
        self.seconds.clear()
        self.calls.clear()

    def count(self, graph: str, call: Callable[[], None]) -> None:
        """Make one call of a graph and add it up."""
        begin_s = self._clock()
        try:
            call()
        finally:
            self.seconds[graph] += self._clock() - begin_s
            self.calls[graph] += 1


class _TimedGraph:
    """One graph of such an engine."""

    def __init__(self, graph: Graph, name: str, engine: TimedEngine) -> None:
        self._graph = graph
        self._name = name
        self._engine = engine

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See `Graph`; so are the others."""
        made: dict[str, Array] = {}
        self._count(lambda: made.update(self._graph.run(inputs)))
        return made

    def bind(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Callable[[], None]:
        call = self._graph.bind(inputs, outputs)
        return lambda: self._count(call)

    def empty_states(self) -> dict[str, Array]:
        return self._graph.empty_states()

    def width(self, name: str) -> int:
        return self._graph.width(name)

    def _count(self, call: Callable[[], None]) -> None:
        self._engine.count(self._name, call)
