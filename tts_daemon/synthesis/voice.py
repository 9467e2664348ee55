"""A loaded voice: its acoustic model and its vocoder, joined chunk by chunk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np

from tts_daemon.acoustic.inputs import AcousticInput
from tts_daemon.acoustic.intonation import intonation
from tts_daemon.acoustic.length_regulator import Memory
from tts_daemon.acoustic.model import AcousticModel
from tts_daemon.domain import AudioChunk, Clause, ClauseSound, Style
from tts_daemon.errors import TextError
from tts_daemon.runtime.engine import Floats, Graph
from tts_daemon.synthesis.pauses import gaps, widen
from tts_daemon.text.symbols import VoiceTraits, encode
from tts_daemon.vocoder.chunking import ChunkPlan
from tts_daemon.vocoder.generator import Vocoder
from tts_daemon.voices.manifest import Manifest


class Voice:
    """What speaks. Streams of one voice may be interleaved: each one has its own state."""

    def __init__(self, manifest: Manifest, graphs: Mapping[str, Graph]) -> None:
        """Take the manifest and the loaded graphs by name."""
        self.manifest = manifest
        # Of all that the sound depends on; the checksums of the graphs are in the manifest.
        self.fingerprint = hashlib.sha256(repr(manifest).encode()).hexdigest()
        self.acoustic = AcousticModel(graphs, manifest)
        self.vocoder = Vocoder(graphs["vocoder"], manifest)
        self.usual_style = Style(emotion=manifest.emotions[0])
        self.traits = VoiceTraits.of(manifest.symbols, manifest.untrained)

    def speak(self, clause: Clause, plan: ChunkPlan | None = None) -> Iterator[Floats]:
        """Yield the waveform of one clause of at least one symbol, float32 [n] each.

        Raises:
            TextError: The voice does not know a symbol.
            InvalidRequestError: An emotion that no voice has.
        """
        return self.stream(self.inputs(clause), plan or ChunkPlan())

    def inputs(self, clause: Clause) -> AcousticInput:
        """What the acoustic model is asked to say. Raises as `speak`."""
        ids = np.array(encode(clause.symbols, self.manifest.symbols), np.int64)
        return self.acoustic.inputs.build(ids, clause.style, clause.pauses, intonation(clause))

    def make(self, clause: Clause, plan: ChunkPlan) -> ClauseSound:
        """A clause whose pauses are left to whoever plays it. Raises as `speak`.

        Raises:
            TextError: The voice was not trained on a symbol.
        """
        strange = {symbol.sy for symbol in clause.symbols} & set(self.manifest.untrained)
        if strange:
            raise TextError(f"{self.manifest.name} was not trained on {min(strange)!r}")
        memory, waveform = self._begin(self.inputs(clause), plan)
        manifest = self.manifest
        rate, frames = manifest.sample_rate, tuple(map(int, memory.counts))
        chunks = (AudioChunk(samples, rate) for samples in waveform)
        return ClauseSound(self.fingerprint, rate, manifest.hop_length, frames, chunks)

    def stream(self, inputs: AcousticInput, plan: ChunkPlan) -> Iterator[Floats]:
        """`speak` for an input that is ready."""
        memory, waveform = self._begin(inputs, plan)
        if inputs.floors_s is None:
            yield from waveform
            return
        rate = self.manifest.sample_rate
        wanted = gaps(memory.counts, inputs.floors_s, self.manifest.hop_length, rate)
        yield from widen(waveform, wanted, rate)

    def _begin(self, inputs: AcousticInput, plan: ChunkPlan) -> tuple[Memory, Iterator[Floats]]:
        memory = self.acoustic.lay_out(inputs)
        mel = self.acoustic.decode(memory, plan.demands(self.vocoder.look_ahead_frames))
        return memory, self.vocoder.stream(mel)

    def warm_up(self) -> None:
        """Speak one symbol to nobody, so that the first utterance does not pay for first times."""
        inputs = self.acoustic.inputs.build(np.zeros((1, 4), np.int64), self.usual_style)
        for _ in self.stream(inputs, ChunkPlan()):
            pass
