"""The acoustic model as a whole: a clause's symbols -> mel frames, in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tts_daemon.acoustic.decoder import Decoder, DecoderState
from tts_daemon.acoustic.duration import DurationPredictor
from tts_daemon.acoustic.encoder import Encoder, Encoding
from tts_daemon.acoustic.inputs import AcousticInput, InputBuilder
from tts_daemon.acoustic.length_regulator import LengthRegulator, Memory
from tts_daemon.acoustic.postnet import Postnet
from tts_daemon.acoustic.sharpening import Sharpener
from tts_daemon.domain import MelChunk
from tts_daemon.runtime.engine import Floats, Graph
from tts_daemon.voices.manifest import Manifest


class AcousticModel:
    """One voice's acoustic model. Every stream has its own state."""

    def __init__(self, graphs: Mapping[str, Graph], manifest: Manifest) -> None:
        """Take the voice's graphs by name, and its manifest."""
        self.inputs = InputBuilder(manifest, graphs["encoder"].width("speaker"))
        self._encoder = Encoder(graphs["encoder"], graphs["variance"])
        self._durations = DurationPredictor(graphs["duration"], manifest.dimensions.duration_units)
        self._regulator = LengthRegulator(manifest)
        self._decoder = Decoder(graphs["decoder"], graphs["memory"], manifest)
        self._postnet = Postnet(graphs["postnet_fsmn"], graphs["postnet_lstm"], manifest)
        self._sharpener = Sharpener(manifest.sharpening, manifest.n_mels)
        self._f0, self._f0_place = manifest.f0, manifest.n_mels
        self._frames_per_step = manifest.frames_per_step

    def stream(self, inputs: AcousticInput, sizes: Iterator[int]) -> Iterator[MelChunk]:
        """`decode` for an input of at least one symbol."""
        yield from self.decode(self.lay_out(inputs), sizes)

    def lay_out(self, inputs: AcousticInput) -> Memory:
        """What the decoder reads of one clause of at least one symbol, and when it will be said."""
        encoding = self._encoder.encode(inputs)
        return self._regulator.regulate(encoding, self._predict_durations(inputs, encoding), inputs)

    def decode(self, memory: Memory, sizes: Iterator[int]) -> Iterator[MelChunk]:
        """Yield the frames of one clause as they are made; nothing when it has none.

        Args:
            memory: From `lay_out`.
            sizes: How many frames are wanted next; asked before each chunk. Chunks are a little
                larger, since the decoder makes whole steps, and come as they come at the end.
        """
        decoding, refining = self._decoder.start(memory), self._postnet.start()
        sharpening = self._sharpener.start()
        # Frames that were given out, less those that were wanted.
        ahead = -self._postnet.delay - self._sharpener.delay
        left, refined_frames = memory.frames, 0
        while left:
            ahead -= next(sizes)
            frames = self._decode(decoding, -ahead)[:left]
            ahead += len(frames)
            left -= len(frames)
            refined = self._postnet.refine(refining, frames)
            if not left:
                refined = np.concatenate([refined, self._postnet.drain(refining)])
            refined = self._sharpener.sharpen(sharpening, refined, last=not left)
            if len(refined):
                self._shift_f0(refined, memory.semitones, refined_frames)
                refined_frames += len(refined)
                yield MelChunk(refined, last=not left)

    def durations(self, inputs: AcousticInput) -> Floats:
        """Frames of each symbol before speed and pauses, not rounded [L]."""
        return self._predict_durations(inputs, self._encoder.encode(inputs))

    def _predict_durations(self, inputs: AcousticInput, encoding: Encoding) -> Floats:
        if inputs.durations is not None:
            return inputs.durations
        return self._durations.predict(encoding.duration_conditions, inputs.shares)

    def _shift_f0(self, frames: Floats, semitones: Floats | None, first: int) -> None:
        """Move f0 in place; `first`: the place in the clause of the first frame."""
        if semitones is None or self._f0 is None:
            return
        scale, f0 = self._f0, frames[:, self._f0_place]  # a view
        factors = np.exp2(semitones[first : first + len(frames)] / 12)
        f0[:] = (
            (f0 * scale.factor_hz + scale.offset_hz) * factors - scale.offset_hz
        ) / scale.factor_hz

    def _decode(self, state: DecoderState, frames: int) -> Floats:
        """At least one step, and enough for `frames`."""
        steps = max(1, -(-frames // self._frames_per_step))
        return self._decoder.decode(state, steps)
