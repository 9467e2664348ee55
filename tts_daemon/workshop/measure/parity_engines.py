"""The two ways to compute a voice that parity compares: torch models and exported graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx
import torch

from tts_daemon.workshop.measure.graph_player import (
    Floats,
    GraphPlayer,
    SentenceInputs,
    SentenceRendering,
)
from tts_daemon.workshop.models.hifigan import published_excitation
from tts_daemon.workshop.models.voice import VOICED_THRESHOLD, TorchVoice


@dataclass(frozen=True, slots=True)
class ParityEngine:
    """One way to compute a voice.

    Attributes:
        acoustic: Everything but the waveform.
        vocode: mel [1, n_mels, T] and excitation [1, H, N] or None -> waveform [N].
    """

    acoustic: Callable[[SentenceInputs], SentenceRendering]
    vocode: Callable[[Floats, Floats | None], Floats]


def graphs_engine(voice: TorchVoice, graphs: Mapping[str, onnx.ModelProto]) -> ParityEngine:
    """The exported graphs of a voice."""
    player = GraphPlayer(voice, graphs)

    def vocode(mel: Floats, source: Floats | None) -> Floats:
        feeds = {"mel": mel} if source is None else {"mel": mel, "source": source}
        waveform: Floats = player.run("vocoder", **feeds)["waveform"][0]
        return waveform

    return ParityEngine(player.acoustic, vocode)


def torch_engine(voice: TorchVoice) -> ParityEngine:
    """The torch models of a voice."""

    def vocode(mel: Floats, source: Floats | None) -> Floats:
        sines = None if source is None else torch.from_numpy(source)
        with torch.no_grad():
            waveform: Floats = voice.vocoder(torch.from_numpy(mel), sines)[0, 0].numpy()
        return waveform

    return ParityEngine(lambda spoken: _acoustic(voice, spoken), vocode)


def render(
    voice: TorchVoice, engine: ParityEngine, spoken: SentenceInputs, melody: Floats | None = None
) -> SentenceRendering:
    """One sentence, with a silent excitation noise and all phases zero.

    Args:
        voice: The voice.
        engine: How to compute it.
        spoken: The sentence.
        melody: Frames whose last two values, Hz and 1 or 0, are spoken instead of our own [T, C].
    """
    made = engine.acoustic(spoken)
    if not len(made.frames):
        return made
    mel = np.ascontiguousarray(made.frames[None, :, : voice.n_mels].transpose(0, 2, 1))
    return replace(made, waveform=engine.vocode(mel, _source(voice, made.frames, melody)))


def _source(voice: TorchVoice, frames: Floats, melody: Floats | None = None) -> Floats | None:
    """The excitation [1, H, N] of frames [T, C]; None for a voice without one."""
    if voice.f0 is None:
        return None
    hertz, voiced = voice.f0.to_hz(frames[:, -2]), frames[:, -1] >= VOICED_THRESHOLD
    if melody is not None and len(melody) == len(frames):
        hertz, voiced = np.ascontiguousarray(melody[:, -2]), melody[:, -1] > 0
    sines: Floats = published_excitation(
        torch.from_numpy(hertz)[None],
        torch.from_numpy(voiced.astype(np.float32))[None],
        hop_length=voice.hop_length,
        sample_rate=voice.sample_rate,
        harmonics=voice.vocoder.params.harmonics,
    ).numpy()
    return sines


def _acoustic(voice: TorchVoice, spoken: SentenceInputs) -> SentenceRendering:
    """One sentence through the torch acoustic model."""
    speaker = torch.from_numpy(spoken.speaker)[None]
    if voice.has_speaker_embedding:
        speaker = speaker @ torch.from_numpy(voice.speaker_table)
    made = voice.acoustic.infer(
        torch.from_numpy(spoken.symbols)[None], torch.from_numpy(spoken.emotion)[None], speaker
    )
    return SentenceRendering(
        made.durations.numpy(),
        made.pitch.numpy(),
        made.energy.numpy(),
        made.frames.numpy(),
        np.zeros(0, np.float32),
    )
