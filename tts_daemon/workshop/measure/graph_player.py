"""Plays the graphs of a voice package on whole sentences: for parity, calibration and measurement.

The daemon's own player streams; this one shows the shortest correct way through the graphs.
Letters as in docs/voice-package.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from tts_daemon.workshop.models.hifigan import sine_excitation
from tts_daemon.workshop.models.voice import VOICED_THRESHOLD, TorchVoice
from tts_daemon.workshop.quantize.torchscript.part import GraphPart

Floats = NDArray[np.float32]
Feeds = dict[str, NDArray[np.generic]]
Listener = Callable[[str, Feeds], None]
"""Called with the graph's name and its inputs before every run."""


@dataclass(frozen=True, slots=True)
class SentenceInputs:
    """What one sentence is made of.

    Attributes:
        symbols: Ids [L, 4].
        emotion: Mixing weights over the emotion table [L, E].
        speaker: Mixing weights over the speaker table [L, K].
    """

    symbols: NDArray[np.int64]
    emotion: Floats
    speaker: Floats


@dataclass(frozen=True, slots=True)
class SentenceRendering:
    """What came of it.

    Attributes:
        durations: Frames, not rounded [L].
        pitch, energy: [L].
        frames: As the postnet leaves them [T, C].
        waveform: [N].
    """

    durations: Floats
    pitch: Floats
    energy: Floats
    frames: Floats
    waveform: Floats


def sentence(voice: TorchVoice, ids: Mapping[str, NDArray[np.int64]]) -> SentenceInputs:
    """From ids per field, as `symbols.encode_line` makes them (the end symbol is cut off)."""
    fields = ("sy", "tone", "syllable_flag", "word_segment")
    symbols = np.stack([ids[field][:-1] for field in fields], axis=1)
    emotion = _one_hot(ids["emo_category"][:-1], len(voice.tables["emo_category"]))
    rows = voice.speaker_table.shape[0]
    speaker_ids = ids["speaker_category"][:-1]
    speaker = _one_hot(speaker_ids * 0 if voice.has_speaker_embedding else speaker_ids, rows)
    return SentenceInputs(symbols, emotion, speaker)


def _one_hot(ids: NDArray[np.int64], rows: int) -> Floats:
    return np.eye(rows, dtype=np.float32)[ids]


class GraphPlayer:
    """Sessions over the graphs of one voice."""

    def __init__(
        self,
        voice: TorchVoice,
        graphs: Mapping[str, onnx.ModelProto | GraphPart],
        *,
        threads: int = 1,
        listener: Listener | None = None,
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._parts = {
            name: graph for name, graph in graphs.items() if isinstance(graph, GraphPart)
        }
        self._sessions = {
            name: onnxruntime.InferenceSession(
                graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
            for name, graph in graphs.items()
            if not isinstance(graph, GraphPart)
        }
        self._voice = voice
        self._listener = listener

    def run(self, graph: str, **feeds: NDArray[np.generic]) -> dict[str, Floats]:
        """One run of one graph."""
        if self._listener is not None:
            self._listener(graph, feeds)
        if graph in self._parts:
            return self._parts[graph].run(feeds)
        session = self._sessions[graph]
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, feeds), strict=True))

    def render(
        self, spoken: SentenceInputs, *, durations: Floats | None = None, noise: bool = True
    ) -> SentenceRendering:
        """Synthesise one sentence.

        Args:
            spoken: The sentence.
            durations: Speak with these instead of the predicted ones [L].
            noise: False: the excitation has no noise, and all its phases are zero.
        """
        made = self.acoustic(spoken, durations)
        return replace(made, waveform=self.vocode(made.frames, noise))

    def acoustic(
        self, spoken: SentenceInputs, durations: Floats | None = None
    ) -> SentenceRendering:
        """Everything but the waveform, which is left empty; arguments as for `render`."""
        text = self.run(
            "encoder",
            symbols=spoken.symbols[None],
            emotion=spoken.emotion[None],
            speaker=spoken.speaker[None],
        )
        augmented = self.run("variance", **text)
        predicted = np.exp(self._durations(augmented["duration_condition"])) - 1
        frames = self._frames(
            augmented["text_augmented"][0],
            text["condition"][0],
            predicted if durations is None else durations,
        )
        return SentenceRendering(
            predicted, text["pitch"][0], text["energy"][0], frames, np.zeros(0, np.float32)
        )

    def _frames(self, text: Floats, condition: Floats, durations: Floats) -> Floats:
        """[L, P], [L, G], [L] -> [T, C]."""
        counts = (durations + 0.5).astype(np.int64)
        memory = self.memory(text, condition, counts)
        band = int(durations.max() / self._voice.acoustic.config.outputs_per_step + 0.5)
        return self._refine(self._decode(memory, band)[:, : counts.sum()])

    def _durations(self, condition: Floats) -> Floats:
        """[1, L, 4 x units] -> log(1 + frames) [L]."""
        units = condition.shape[2] // 4
        state = {name: np.zeros((2, 1, units), np.float32) for name in ("hidden", "cell")}
        previous = np.zeros((1, 1), np.float32)
        predicted = []
        for place in range(condition.shape[1]):
            made = self.run(
                "duration", previous=previous, duration_condition=condition[:, place], **state
            )
            previous = made["log_duration"]
            state = {name: made[f"{name}_out"] for name in state}
            predicted.append(previous[0, 0])
        return np.array(predicted, dtype=np.float32)

    def memory(self, text: Floats, condition: Floats, counts: NDArray[np.int64]) -> Floats:
        """The length regulator: [L, P], [L, G], frames per symbol -> [1, T / r, M]."""
        r = self._voice.acoustic.config.outputs_per_step
        owner = np.repeat(np.arange(len(counts)), counts)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
        pad = -len(owner) % r
        rows = np.pad(text[owner], ((0, pad), (0, 0)))
        rows += self._positions(np.pad(place, (0, pad)))
        side_by_side = rows.reshape(-1, r * rows.shape[1])
        return np.concatenate([side_by_side, condition[owner][::r]], axis=1)[None]

    def _positions(self, place: NDArray[np.int64]) -> Floats:
        """[T] -> [T, P]."""
        scales = self._voice.acoustic.variance_adaptor.dur_position_encoder.inv_timescales
        angles = place[:, None] / scales.detach().numpy()
        angles[:, 0::2] = np.sin(angles[:, 0::2])
        angles[:, 1::2] = np.cos(angles[:, 1::2])
        return np.asarray(angles, dtype=np.float32)

    def _decode(self, memory: Floats, band: int) -> Floats:
        """[1, S, M] -> [1, T, C], step by step."""
        config = self._voice.acoustic.config
        projected = self.run("memory", memory=memory)
        keys, values = projected["memory_keys"], projected["memory_values"]
        past = {"self_keys": keys[:, :, :0], "self_values": values[:, :, :0]}
        previous = np.zeros((1, 1, config.num_mels), np.float32)
        made = [np.zeros((1, 0, config.num_mels), np.float32)]
        for step in range(memory.shape[1]):
            view = slice(step, step + band + 1)
            width = past["self_keys"].shape[2]
            out = self.run(
                "decoder",
                previous_frames=previous,
                step_input=projected["step_input"][:, step : step + 1],
                **past,
                self_mask=np.zeros((1, width + 1), np.float32),
                memory_keys=keys[:, :, view],
                memory_values=values[:, :, view],
                memory_mask=np.zeros((1, keys[:, :, view].shape[2]), np.float32),
            )
            past = {
                name: np.concatenate([past[name], out[new]], axis=2)[
                    :, :, -band if band else width + 1 :
                ]
                for name, new in (("self_keys", "new_keys"), ("self_values", "new_values"))
            }
            previous = out["frames"][:, -1:]
            made.append(out["frames"])
        return np.concatenate(made, axis=1)

    def _refine(self, coarse: Floats) -> Floats:
        """[1, T, C] -> [T, C]: the postnet, with its delay filled and drained."""
        config = self._voice.acoustic.config
        block = self._voice.acoustic.mel_postnet.fsmn.blocks[0]
        left, right = block.left, block.right
        layers, units = config.postnet_fsmn_num_layers, config.postnet_num_memory_units
        delay, total = layers * right, coarse.shape[1]
        if total == 0:
            return np.zeros((0, config.num_mels), np.float32)
        valid = np.zeros((1, total + 2 * delay, 1), np.float32)
        valid[:, delay : delay + total] = 1
        hidden = self.run(
            "postnet_fsmn",
            frames=np.pad(coarse, ((0, 0), (0, delay), (0, 0))),
            valid=valid,
            contexts=np.zeros((layers, 1, left + right, units), np.float32),
            residuals=np.zeros((layers, 1, right, units), np.float32),
        )["hidden"]
        state = np.zeros((1, 1, config.postnet_lstm_units), np.float32)
        out = self.run(
            "postnet_lstm",
            hidden=hidden[:, delay:],
            frames=coarse,
            state_hidden=state,
            state_cell=state,
        )
        return np.asarray(out["refined"][0])

    def vocode(self, frames: Floats, noise: bool = True) -> Floats:
        """[T, C] -> [N]."""
        if not len(frames):
            return np.zeros(0, np.float32)
        out = self.run("vocoder", **self.vocoder_feeds(frames, noise))
        return np.asarray(out["waveform"][0])

    def vocoder_feeds(self, frames: Floats, noise: bool = True) -> Feeds:
        """The vocoder's inputs for frames [T, C]."""
        mel = np.ascontiguousarray(frames[None, :, : self._voice.n_mels].transpose(0, 2, 1))
        feeds: Feeds = {"mel": mel}
        if self._voice.f0 is not None:
            feeds["source"] = excitation(self._voice, frames, noise).numpy()
        return feeds


def excitation(voice: TorchVoice, frames: Floats, noise: bool) -> torch.Tensor:
    """The sines of the frames [T, C] -> [1, H, N]; without `noise` all phases are zero too."""
    assert voice.f0 is not None  # noqa: S101  (the caller has looked)
    params = voice.vocoder.params
    zeros = None
    if not noise:
        zeros = torch.zeros(1, params.harmonics, len(frames) * voice.hop_length)
    return sine_excitation(
        torch.from_numpy(voice.f0.to_hz(frames[None, :, -2])),
        torch.from_numpy((frames[None, :, -1] >= VOICED_THRESHOLD).astype(np.float32)),
        hop_length=voice.hop_length,
        sample_rate=voice.sample_rate,
        harmonics=params.harmonics,
        zero_phases=params.zero_phases,
        level=params.noise,
        phases=None if zeros is None else zeros[:, :, 0],
        noise=zeros,
    )
