"""The noise that quantisation adds to the output of a graph, against what is allowed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from tts_daemon.workshop.measure.graph_player import Feeds, GraphPlayer
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize.torchscript.part import GraphPart

MAIN_OUTPUTS = {
    "encoder": "text",
    "variance": "duration_condition",
    "duration": "log_duration",
    "memory": "memory_keys",
    "decoder": "frames",
    "postnet_fsmn": "hidden",
    "postnet_lstm": "refined",
    "vocoder": "waveform",
}
"""The output of each graph by which it is judged."""

QUIET_DB = -35.0
"""A block of the waveform this far below the mean power is a pause."""
RUNS = 8
"""Runs of a graph that its noise is measured on."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Target:
    """What is allowed.

    Attributes:
        snr_db: Least signal-to-noise ratio of the output.
        quiet_db: Most noise in pauses, relative to the mean power of the speech; None: no matter.
    """

    snr_db: float
    quiet_db: float | None = None


TARGETS = {
    "encoder": Target(30.0),
    "variance": Target(30.0),
    "memory": Target(30.0),
    "decoder": Target(30.0),
    "postnet_fsmn": Target(30.0),
    "postnet_lstm": Target(30.0),
    # A hiss that speech covers is heard in its pauses.
    "vocoder": Target(26.0, quiet_db=-42.0),
}
"""What a conversion tries to reach for each graph."""


class NoiseMeter:
    """Compares versions of one graph with the FP32 one."""

    def __init__(
        self,
        voice: TorchVoice,
        graph: str,
        model: onnx.ModelProto,
        feeds: Sequence[Feeds],
        target: Target,
    ) -> None:
        """Run the FP32 graph on some of the inputs."""
        self._voice, self._graph, self._target = voice, graph, target
        self._feeds = feeds[:: max(1, len(feeds) // RUNS)][:RUNS]
        self._exact = self._outputs(model)
        self._power = float(np.mean([np.square(exact).mean() for exact in self._exact]))
        self._quiet = [self._pauses(exact) for exact in self._exact]

    def _outputs(self, model: onnx.ModelProto | GraphPart) -> list[Doubles]:
        player = GraphPlayer(self._voice, {self._graph: model})
        output = MAIN_OUTPUTS[self._graph]
        return [
            player.run(self._graph, **feeds)[output].astype(np.float64).ravel()
            for feeds in self._feeds
        ]

    def _pauses(self, exact: Doubles) -> NDArray[np.bool_]:
        """Where the output is quiet; nowhere if that does not matter."""
        if self._target.quiet_db is None:
            return np.zeros(len(exact), dtype=np.bool_)
        hop = self._voice.hop_length
        power = np.square(exact).reshape(-1, hop).mean(axis=1)
        return np.repeat(power < self._power * _ratio(QUIET_DB), hop)

    def noise_db(self, model: onnx.ModelProto | GraphPart) -> tuple[float, float | None]:
        """Noise relative to the mean power: of all, and in the pauses if there are any."""
        differences = [
            other - exact for exact, other in zip(self._exact, self._outputs(model), strict=True)
        ]
        everywhere = float(np.mean([np.square(part).mean() for part in differences]))
        pauses = np.concatenate(
            [part[quiet] for part, quiet in zip(differences, self._quiet, strict=True)]
        )
        if not len(pauses):
            return self._decibels(everywhere), None
        return self._decibels(everywhere), self._decibels(float(np.square(pauses).mean()))

    def _decibels(self, power: float) -> float:
        return 10 * math.log10((power + 1e-30) / (self._power + 1e-30))

    def excess(self, model: onnx.ModelProto) -> tuple[float, ...]:
        """Noise of a version as a share of what is allowed; 1 is just allowed."""
        everywhere, pauses = self.noise_db(model)
        shares = [_ratio(everywhere + self._target.snr_db)]
        if pauses is not None and self._target.quiet_db is not None:
            shares.append(_ratio(pauses - self._target.quiet_db))
        return tuple(shares)

    def describe(self, model: onnx.ModelProto) -> str:
        """The noise of a version in words."""
        everywhere, pauses = self.noise_db(model)
        in_pauses = "" if pauses is None else f", noise in pauses {pauses:.1f} dB"
        return f"{self._graph}: SNR {-everywhere:.1f} dB{in_pauses}"


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 10))
