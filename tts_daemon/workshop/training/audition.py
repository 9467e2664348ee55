"""Speaks texts with training states, before there is a package: to be judged."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from tts_daemon.domain import Style
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import VoiceTraits, encode
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams, sine_excitation
from tts_daemon.workshop.training.acoustic.trainer import new_model, trained_params
from tts_daemon.workshop.training.corpus import tables
from tts_daemon.workshop.training.corpus.features import (
    F0_MAXIMUM_HZ,
    F0_MINIMUM_HZ,
    HOP_LENGTH,
    N_MELS,
    SAMPLE_RATE,
)
from tts_daemon.workshop.training.states import required_state
from tts_daemon.workshop.training.vocoder.trainer import VOCODER_PARAMS

TABLES = {
    "sy": tables.SY,
    "tone": tables.TONE,
    "syllable_flag": tables.SYLLABLE_FLAG,
    "word_segment": tables.WORD_SEGMENT,
}
VOICED_FROM = 0.6


class TorchSpeaker:
    """Front end, acoustic model and vocoder in torch."""

    def __init__(self, acoustic: Path, vocoder: Path, untrained: Iterable[str] = ()) -> None:
        """Load the two states.

        Raises:
            CheckpointError: One is missing.
        """
        acoustic_state, vocoder_state = required_state(acoustic), required_state(vocoder)
        self._model = new_model(trained_params(acoustic_state)).eval()
        self._model.load_state_dict(acoustic_state["model"])
        self._generator = Generator(GeneratorParams.from_config(VOCODER_PARAMS))
        self._generator.load_state_dict(vocoder_state["generator"])
        self._generator.fuse_weight_norm().eval()
        self._frontend = Frontend()
        self._traits = VoiceTraits(frozenset(untrained), arpabet=False, tables=TABLES)

    @torch.no_grad()
    def speak(self, text: str, emotion: str = "neutral") -> NDArray[np.float32]:
        """Waveform of a text, [N]."""
        symbols = self._frontend.clause(text, text, Style(), self._traits).symbols
        ids = torch.tensor([encode(symbols, TABLES)])
        names = ["none" if s.sy.startswith("#") else emotion for s in symbols]
        emotions = torch.tensor([[tables.EMOTION.index(f"emotion_{name}") for name in names]])
        frames = self._model.infer(ids, emotions, torch.zeros_like(emotions)).frames
        return vocode(self._generator, frames)


@torch.no_grad()
def vocode(generator: Generator, frames: Tensor) -> NDArray[np.float32]:
    """Waveform [N] of the acoustic model's frames [T, C]."""
    f0 = frames[:, N_MELS] * (F0_MAXIMUM_HZ - F0_MINIMUM_HZ) + F0_MINIMUM_HZ
    source = sine_excitation(
        f0.clamp(min=F0_MINIMUM_HZ)[None],
        (frames[:, N_MELS + 1] >= VOICED_FROM).float()[None],
        hop_length=HOP_LENGTH,
        sample_rate=SAMPLE_RATE,
        harmonics=generator.params.harmonics,
        zero_phases=generator.params.zero_phases,
        level=generator.params.noise,
    )
    waveform: NDArray[np.float32] = generator(frames[None, :, :N_MELS].mT, source)[0, 0].numpy()
    return waveform


def write_waves(speaker: TorchSpeaker, texts: list[str], target: Path, emotion: str) -> None:
    """Write 0000.wav, 0001.wav, ... into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts):
        waveform = speaker.speak(text, emotion)
        soundfile.write(target / f"{number:04d}.wav", waveform, SAMPLE_RATE)
