"""Plain eager torch in FP32, a whole sentence at once: what the runtime is measured against.

The decoder is fed as the public reference implementation feeds it: each step takes the newest frame
of the step before, and attends to its whole past and the whole memory behind masks that are made
anew. Every voice is run so, also one that could do without.
Letters: L symbols, S decoder steps, M memory width, T frames, C values a frame, N samples.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tts_daemon.workshop.measure.graph_player import SentenceInputs, excitation
from tts_daemon.workshop.models.sambert import Sambert
from tts_daemon.workshop.models.sambert.decoder import KeysValues, attention_masks
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize import calibration


def use_threads(count: int) -> None:
    """Let torch's operators use so many threads, in the whole process."""
    torch.set_num_threads(count)


def whole_sentence(voice: TorchVoice, text: str) -> SentenceInputs:
    """A text as one sentence, as the reference takes it."""
    clauses = list(calibration.sentences(voice, [text]))
    return SentenceInputs(
        np.concatenate([clause.symbols for clause in clauses]),
        np.concatenate([clause.emotion for clause in clauses]),
        np.concatenate([clause.speaker for clause in clauses]),
    )


class EagerVoice:
    """Speaks with the torch models of a checkpoint."""

    def __init__(self, voice: TorchVoice) -> None:
        """Take a loaded voice; its weights are shared, not copied."""
        self._voice = voice
        self._acoustic = _Refed(voice.acoustic.config).eval()
        self._acoustic.load_state_dict(voice.acoustic.state_dict(), assign=True)

    @torch.inference_mode()
    def speak(self, sentence: SentenceInputs) -> NDArray[np.float32]:
        """Make the waveform [N]."""
        speaker = torch.from_numpy(sentence.speaker)[None]
        if self._voice.has_speaker_embedding:
            speaker = speaker @ torch.from_numpy(self._voice.speaker_table)
        frames = self._acoustic.infer(
            torch.from_numpy(sentence.symbols)[None],
            torch.from_numpy(sentence.emotion)[None],
            speaker,
        ).frames  # [T, C]
        source = None
        if self._voice.f0 is not None:
            source = excitation(self._voice, frames.numpy(), noise=True)
        mel = frames[None, :, : self._voice.n_mels].transpose(1, 2)
        waveform: NDArray[np.float32] = self._voice.vocoder(mel, source)[0, 0].numpy()
        return waveform


class _Refed(Sambert):
    """The acoustic model with the reference's decoder loop."""

    def _decode(self, memory: Tensor, band: int) -> Tensor:
        """[1, S, M] -> [1, T, C]."""
        step_input, projected = self.decoder.project_memory(memory)
        previous = memory.new_zeros(1, 1, self.config.num_mels)
        past: list[KeysValues] | None = None
        made = []
        for step in range(memory.shape[1]):
            past_mask, memory_mask = attention_masks(torch.tensor([band]), memory.shape[1])
            now = slice(step, step + 1)
            frames, new = self.decoder(
                previous,
                step_input[:, now],
                past,
                projected,
                past_mask[:, :, now, : step + 1],
                memory_mask[:, :, now],
            )
            past = _grown(past, new)
            made.append(frames.unflatten(-1, (self.config.outputs_per_step, -1))[:, 0])
            previous = made[-1][:, -1:]
        return torch.cat(made, dim=1)


def _grown(past: list[KeysValues] | None, new: list[KeysValues]) -> list[KeysValues]:
    if past is None:
        return new
    return [
        (torch.cat([key, new_key], 2), torch.cat([value, new_value], 2))
        for (key, value), (new_key, new_value) in zip(past, new, strict=True)
    ]
