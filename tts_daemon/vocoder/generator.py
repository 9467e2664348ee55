"""The generator as a stream: mel frames -> waveform, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tts_daemon.runtime.engine import Floats, Graph
from tts_daemon.vocoder.chunking import Window, windows
from tts_daemon.vocoder.excitation import Excitation, ExcitationState, Noise, gaussian
from tts_daemon.voices.manifest import Manifest

_SEED = 20


class Vocoder:
    """One voice's vocoder. Every stream has its own state."""

    def __init__(self, graph: Graph, manifest: Manifest) -> None:
        """Take the graph and the voice's sizes."""
        self._graph = graph
        self._n_mels = manifest.n_mels
        self._hop_length = manifest.hop_length
        self.context_frames = manifest.vocoder_context_frames
        self._excitation = None
        if manifest.source and manifest.f0:
            self._excitation = Excitation(
                manifest.f0, manifest.source, manifest.sample_rate, manifest.hop_length
            )

    def stream(
        self,
        frames: Iterator[Floats],
        sizes: Iterator[int],
        noise: Noise | None = None,
        phases: Floats | None = None,
    ) -> Iterator[Floats]:
        """Yield the waveform of one clause as its frames come in.

        Args:
            frames: [n, C] each.
            sizes: Frames of each chunk.
            noise: For the excitation; a fixed seed when left out.
            phases: Initial phases of the harmonics in cycles [H]; drawn from `noise` when left out.

        Yields:
            float32 [n x hop_length], about -1 to 1.
        """
        rows, excitation = frames, self._excitation
        if excitation is not None:
            state = excitation.start(noise or gaussian(_SEED), phases)
            rows = (self._with_source(excitation, state, piece) for piece in frames)
        for window in windows(rows, sizes, self.context_frames):
            yield self._generate(window)

    def _with_source(
        self, excitation: Excitation, state: ExcitationState, frames: Floats
    ) -> Floats:
        """Put the excitation of each frame beside its mel, [n, C] -> [n, n_mels + H x hop]."""
        source = excitation.make(state, frames[:, self._n_mels :])  # [n, H, hop]
        return np.concatenate([frames[:, : self._n_mels], source.reshape(len(frames), -1)], axis=1)

    def _generate(self, window: Window) -> Floats:
        count = len(window.rows)
        inputs = {"mel": np.ascontiguousarray(window.rows[:, : self._n_mels].T)[None]}
        if self._excitation is not None:
            source = window.rows[:, self._n_mels :].reshape(count, -1, self._hop_length)
            harmonics = source.shape[1]
            inputs["source"] = source.transpose(1, 0, 2).reshape(1, harmonics, -1)
        waveform: Floats = self._graph.run(inputs)["waveform"][0]
        return waveform[window.begin * self._hop_length : window.end * self._hop_length]
