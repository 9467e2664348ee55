"""How long each symbol lasts: a loop over symbols, since each one depends on the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tts_daemon.acoustic.encoder import blend
from tts_daemon.runtime.engine import Floats, Graph

_LAYERS = 2
_LONGEST_FRAMES = 400.0
"""Five seconds of one phone: beyond that it is a broken prediction, and would eat all memory."""


class DurationPredictor:
    """Runs the duration graph once per symbol."""

    def __init__(self, graph: Graph, units: int) -> None:
        """Take the graph and the width of its two LSTM layers."""
        self._graph = graph
        self._units = units

    def predict(self, conditions: Sequence[Floats], shares: Sequence[float] = (1.0,)) -> Floats:
        """Predict the duration of each symbol.

        Args:
            conditions: `Encoding.duration_conditions` [L, 4 x units].
            shares: Of each of them.

        Returns:
            Frames, not rounded, 0 or more [L].
        """
        # Mixed as logarithms, so that the pace moves by equal factors.
        log_durations = blend([self._log_durations(rows) for rows in conditions], shares)
        return np.expm1(np.clip(log_durations, 0, np.log1p(np.float32(_LONGEST_FRAMES))))

    def _log_durations(self, condition: Floats) -> Floats:
        """[L, 4 x units] -> [L]."""
        row = np.zeros((1, condition.shape[1]), np.float32)
        states = (self._empty_state(), self._empty_state())
        # Two calls that write into each other's inputs: no state is copied between symbols.
        calls = (self._bind(row, states[0], states[1]), self._bind(row, states[1], states[0]))
        log_durations = np.empty(len(condition), np.float32)
        for index in range(len(condition)):
            row[0] = condition[index]
            calls[index % 2]()
            log_durations[index] = states[1 - index % 2]["previous"][0, 0]
        return np.nan_to_num(log_durations, nan=0.0)

    def _empty_state(self) -> dict[str, Floats]:
        cells = (_LAYERS, 1, self._units)
        return {
            "previous": np.zeros((1, 1), np.float32),
            "hidden": np.zeros(cells, np.float32),
            "cell": np.zeros(cells, np.float32),
        }

    def _bind(
        self, row: Floats, before: dict[str, Floats], after: dict[str, Floats]
    ) -> Callable[[], None]:
        return self._graph.bind(
            {"duration_condition": row, **before},
            {
                "log_duration": after["previous"],
                "hidden_out": after["hidden"],
                "cell_out": after["cell"],
            },
        )
