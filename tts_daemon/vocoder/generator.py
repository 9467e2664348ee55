"""The generator as a stream: mel -> waveform, piece by piece, nothing computed twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tts_daemon.domain import MelChunk
from tts_daemon.runtime.engine import Array, Floats, Graph
from tts_daemon.vocoder.chunking import gather_first
from tts_daemon.vocoder.excitation import Excitation, ExcitationState, Noise
from tts_daemon.voices.manifest import Manifest


@dataclass(slots=True)
class VocoderState:
    """What passes from one call to the next; one per clause.

    Attributes:
        layers: What each layer of the graph keeps, by the name of its input.
        excitation: None for a voice without one.
        begun: True after the first call.
    """

    layers: dict[str, Array]
    excitation: ExcitationState | None
    begun: bool = False


class Vocoder:
    """One voice's vocoder. Every stream has its own state."""

    def __init__(self, graph: Graph, manifest: Manifest) -> None:
        """Take the graph and the voice's sizes."""
        self._graph = graph
        self._n_mels = manifest.n_mels
        self.look_ahead_frames = manifest.vocoder_look_ahead_frames
        self._excitation = None
        if manifest.source and manifest.f0:
            self._excitation = Excitation(
                manifest.f0, manifest.source, manifest.sample_rate, manifest.hop_length
            )

    def start(self, noise: Noise | None = None, phases: Floats | None = None) -> VocoderState:
        """State before the first frame of a clause.

        Args:
            noise: For the excitation; usual noise when left out.
            phases: Initial phases of the harmonics in radians [H]; usual ones when left out.
        """
        excitation = None
        if self._excitation is not None:
            excitation = self._excitation.start(noise, phases)
        return VocoderState(self._graph.empty_states(), excitation)

    def stream(
        self, chunks: Iterator[MelChunk], state: VocoderState | None = None
    ) -> Iterator[Floats]:
        """Yield the waveform of one clause as its mel comes in.

        Args:
            chunks: All of the clause, in pieces of any length.
            state: From `start`; a usual one when left out.

        Yields:
            float32 [n], about -1 to 1; all together hop_length samples per frame.
        """
        state = state or self.start()
        for chunk in gather_first(chunks, more_than=self.look_ahead_frames):
            yield self.generate(state, chunk)

    def generate(self, state: VocoderState, chunk: MelChunk) -> Floats:
        """Make the samples that this piece completes; the first must exceed the look-ahead.

        Returns:
            float32 [n].
        """
        inputs: dict[str, Array] = {
            "mel": np.ascontiguousarray(chunk.frames[:, : self._n_mels].T)[None],
            "edges": np.array([not state.begun, chunk.last], np.int64),
            **state.layers,
        }
        if self._excitation is not None and state.excitation is not None:
            inputs["source"] = self._source(self._excitation, state.excitation, chunk.frames)
        outputs = self._graph.run(inputs)
        state.layers = {name: outputs[f"{name}_out"] for name in state.layers}
        state.begun = True
        waveform: Floats = outputs["waveform"][0]
        return waveform

    def _source(self, excitation: Excitation, state: ExcitationState, frames: Floats) -> Floats:
        """[n, C] -> [1, H, n x hop_length]."""
        sines = excitation.make(state, frames[:, self._n_mels :])  # [n, H, hop]
        return sines.transpose(1, 0, 2).reshape(1, sines.shape[1], -1)
