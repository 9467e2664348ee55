"""What the small vocoder learns from: pieces of the voice's own mels, spoken by the large one.

Both are given the very same excitation, noise included. What the large one makes of it is then a
function of what the small one sees, and can be learnt by comparison alone, without discriminators.
Letters: B batch, T frames, C values a frame, H harmonics, N samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.measure.graph_player import Floats
from tts_daemon.workshop.models.hifigan import Generator, sine_excitation
from tts_daemon.workshop.models.voice import VOICED_THRESHOLD, TorchVoice


@dataclass(frozen=True, slots=True)
class Lesson:
    """A batch.

    Attributes:
        mel: [B, n_mels, T].
        source: [B, H, N]; None for a voice without an excitation.
        waveform: What the large vocoder makes of them [B, N].
    """

    mel: Tensor
    source: Tensor | None
    waveform: Tensor

    def say(self, vocoder: Generator) -> Tensor:
        """What another vocoder makes of the same [B, N]."""
        waveform: Tensor = vocoder(self.mel, self.source)
        return waveform[:, 0]


class Lessons:
    """Draws pieces at random, each frame as likely as any other."""

    def __init__(
        self, voice: TorchVoice, spoken: Sequence[Floats], *, device: str = "cpu", seed: int = 0
    ) -> None:
        """Take the voice and its frames [T, C] of many clauses."""
        self._voice, self._device = voice, device
        self._teacher = voice.vocoder.to(device)
        self._spoken = list(spoken)
        self._random = np.random.default_rng(seed)

    def draw(self, count: int, frames: int) -> Lesson:
        """Take `count` pieces of `frames` frames.

        Raises:
            CheckpointError: No clause is as long as that.
        """
        usable = [clause for clause in self._spoken if len(clause) >= frames]
        if not usable:
            raise CheckpointError(f"no text is {frames} frames long; give longer ones by --texts")
        places = np.array([len(clause) - frames + 1 for clause in usable], np.float64)
        pieces = []
        for index in self._random.choice(len(usable), size=count, p=places / places.sum()):
            begin = int(self._random.integers(len(usable[index]) - frames + 1))
            pieces.append(usable[index][begin : begin + frames])
        return self._lesson(torch.from_numpy(np.stack(pieces)).to(self._device))

    def whole(self, clause: Floats) -> Lesson:
        """A clause from its begin to its end, [T, C], as a batch of one."""
        return self._lesson(torch.from_numpy(clause[None]).to(self._device))

    def _lesson(self, frames: Tensor) -> Lesson:
        """[B, T, C] -> a batch."""
        mel = frames[:, :, : self._voice.n_mels].transpose(1, 2)
        source = self._source(frames)
        with torch.no_grad():
            waveform = self._teacher(mel, source)[:, 0]
        return Lesson(mel, source, waveform)

    def _source(self, frames: Tensor) -> Tensor | None:
        voice = self._voice
        if voice.f0 is None:
            return None
        hertz = voice.f0.to_hz(frames[:, :, -2].cpu().numpy())
        return sine_excitation(
            torch.from_numpy(hertz).to(frames.device),
            (frames[:, :, -1] >= VOICED_THRESHOLD).float(),
            hop_length=voice.hop_length,
            sample_rate=voice.sample_rate,
            harmonics=voice.vocoder.params.harmonics,
            zero_phases=voice.vocoder.params.zero_phases,
            level=voice.vocoder.params.noise,
        )
