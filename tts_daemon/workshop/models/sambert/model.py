"""The acoustic model: symbols, emotion and speaker -> mel frames.

Source: the Sambert voices of ModelScope, read from their public reference implementation; parameter
names are those of the checkpoints, so that loading is strict.
Letters: B batch, L symbols, T frames (a multiple of r), S = T / r decoder steps, C values a frame,
P text width, G speaker + emotion width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tts_daemon.workshop.models.sambert.config import SambertConfig
from tts_daemon.workshop.models.sambert.decoder import KeysValues, MelDecoder, attention_masks
from tts_daemon.workshop.models.sambert.encoder import TextEncoder
from tts_daemon.workshop.models.sambert.postnet import FsmnPostnet
from tts_daemon.workshop.models.sambert.regulator import (
    frame_symbols,
    pad_frames,
    repeat,
    round_half_up,
)
from tts_daemon.workshop.models.sambert.variance import VarianceAdaptor


@dataclass(frozen=True, slots=True)
class Melody:
    """What is predicted of each symbol.

    Attributes:
        log_durations: log(1 + frames) [B, L], 0 beyond the end, as are pitch and energy [B, L].
        symbol_mask: 1 where there is a symbol [B, L].
    """

    log_durations: Tensor
    pitch: Tensor
    energy: Tensor
    symbol_mask: Tensor


@dataclass(frozen=True, slots=True)
class Training:
    """What a teacher-forced pass predicts.

    Attributes:
        melody: Of each symbol.
        coarse: Frames before the postnet [B, T, C], 0 beyond the end.
        frames: Frames after the postnet [B, T, C], 0 beyond the end.
        frame_mask: 1 where there is a frame [B, T].
    """

    melody: Melody
    coarse: Tensor
    frames: Tensor
    frame_mask: Tensor


@dataclass(frozen=True, slots=True)
class Inference:
    """What the model makes of one sentence.

    Attributes:
        durations: Frames, not rounded [L].
        pitch, energy: In units of the training data [L].
        coarse: Frames before the postnet [T, C].
        frames: Frames after the postnet [T, C]; T is the sum of the rounded durations.
    """

    durations: Tensor
    pitch: Tensor
    energy: Tensor
    coarse: Tensor
    frames: Tensor


class _DecoderHolder(nn.Module):
    """The published names have one more level here: `mel_decoder.mel_dec`."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self.mel_dec = MelDecoder(config)


class Sambert(nn.Module):
    """The whole acoustic model.

    `emotion` and `speaker` are ids [B, L], or mixing weights over the table [B, L, rows] for
    something in between; for a model with a speaker embedding `speaker` is that embedding,
    [B, units] or [B, L, units].
    """

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self.config = config
        self.text_encoder = TextEncoder(config)
        if config.tables.speaker:
            self.spk_tokenizer = nn.Embedding(config.tables.speaker, config.speaker_units)
        self.emo_tokenizer = nn.Embedding(config.tables.emotion, config.emotion_units)
        self.variance_adaptor = VarianceAdaptor(config)
        self.mel_decoder = _DecoderHolder(config)
        self.mel_postnet = FsmnPostnet(config)

    @property
    def decoder(self) -> MelDecoder:
        """The decoder itself."""
        return self.mel_decoder.mel_dec

    def condition(self, emotion: Tensor, speaker: Tensor, symbols: int) -> Tensor:
        """Speaker and emotion of every symbol [B, L, G], speaker first."""
        if self.config.tables.speaker:
            speaker = _look_up(self.spk_tokenizer, speaker)
        elif speaker.ndim == 2:
            speaker = speaker[:, None].expand(-1, symbols, -1)
        return torch.cat([speaker, _look_up(self.emo_tokenizer, emotion)], dim=-1)

    def forward(
        self,
        symbols: Tensor,
        emotion: Tensor,
        speaker: Tensor,
        lengths: Tensor,
        *,
        durations: Tensor,
        pitch: Tensor,
        energy: Tensor,
        frames: Tensor,
    ) -> Training:
        """Teacher-forced pass for training.

        Args:
            symbols: Ids of sy, tone, syllable_flag, word_segment [B, L, 4].
            emotion: See the class.
            speaker: See the class.
            lengths: Symbols of each sentence [B].
            durations: Whole frames per symbol [B, L], 0 beyond the end.
            pitch: Per symbol, normalised [B, L], 0 beyond the end; `energy` likewise.
            energy: See `pitch`.
            frames: [B, T', C], at least as long as the largest sum of `durations`.
        """
        text, condition, valid = self._read(symbols, emotion, speaker, lengths)
        text_melody = self.variance_adaptor.augment(text, pitch, energy)
        targets = pad_frames(frames, self.config.outputs_per_step)
        frame_lengths = durations.sum(dim=1)
        exists = _mask(frame_lengths, targets.shape[1])[:, :, None]  # [B, T, 1]
        coarse = self._decode_forced(text_melody, condition, durations, targets) * exists
        return Training(
            melody=self._melody(text, text_melody, condition, valid, durations),
            coarse=coarse,
            frames=(self.mel_postnet(coarse, exists) + coarse) * exists,
            frame_mask=exists[:, :, 0],
        )

    def melody(
        self,
        symbols: Tensor,
        emotion: Tensor,
        speaker: Tensor,
        lengths: Tensor,
        *,
        durations: Tensor,
        pitch: Tensor,
        energy: Tensor,
    ) -> Melody:
        """What `forward` predicts of each symbol, without any frames; arguments as there."""
        text, condition, valid = self._read(symbols, emotion, speaker, lengths)
        text_melody = self.variance_adaptor.augment(text, pitch, energy)
        return self._melody(text, text_melody, condition, valid, durations)

    def _read(
        self, symbols: Tensor, emotion: Tensor, speaker: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Text vectors [B, L, P], their condition [B, L, G], and where there are any [B, L, 1]."""
        valid = _mask(lengths, symbols.shape[1])[:, :, None]
        condition = self.condition(emotion, speaker, symbols.shape[1])
        return self.text_encoder(symbols, valid), condition, valid

    def _melody(
        self, text: Tensor, text_melody: Tensor, condition: Tensor, valid: Tensor, durations: Tensor
    ) -> Melody:
        adaptor, mask = self.variance_adaptor, valid[:, :, 0]
        lengths = mask.sum(dim=1).long()
        known = torch.cat([text, condition], dim=-1)
        previous = torch.log1p(durations.float()).roll(1, dims=1)
        previous[:, 0] = 0
        log_durations, _ = adaptor.duration_predictor(
            previous, torch.cat([text_melody, condition], dim=-1)
        )
        return Melody(
            log_durations=log_durations * mask,
            pitch=adaptor.pitch_predictor(known, valid, lengths),
            energy=adaptor.energy_predictor(known, valid, lengths),
            symbol_mask=mask,
        )

    def _decode_forced(
        self, text: Tensor, condition: Tensor, durations: Tensor, targets: Tensor
    ) -> Tensor:
        """Frames of all steps at once, each seeing the true frame before it, [B, T, C]."""
        r = self.config.outputs_per_step
        memory = self._memory(text, condition, durations, targets.shape[1])  # [B, S, M]
        previous = torch.zeros_like(targets[:, ::r])  # [B, S, C]
        if self.config.autoregressive:
            previous[:, 1:] = targets[:, r - 1 : -r : r]
        bands = (durations.amax(dim=1).float() / r + 0.5).long()
        steps = (durations.sum(dim=1) + r - 1) // r
        past_mask, memory_mask = attention_masks(bands, memory.shape[1], steps)
        step_input, projected = self.decoder.project_memory(memory)
        frames: Tensor
        frames, _ = self.decoder(previous, step_input, None, projected, past_mask, memory_mask)
        return frames.reshape(targets.shape)

    def _memory(self, text: Tensor, condition: Tensor, counts: Tensor, total: int) -> Tensor:
        """What the decoder attends to, [B, T / r, M]: r text vectors side by side, then the
        condition of the first of them."""
        r = self.config.outputs_per_step
        index, position, exists = frame_symbols(counts, total)
        frame_text = repeat(text, index, exists)
        frame_text = frame_text + self.variance_adaptor.dur_position_encoder(
            position.to(text.dtype)
        )
        frame_condition = repeat(condition, index, exists)[:, ::r]
        return torch.cat([frame_text.unflatten(1, (-1, r)).flatten(2), frame_condition], dim=-1)

    @torch.no_grad()
    def infer(self, symbols: Tensor, emotion: Tensor, speaker: Tensor) -> Inference:
        """Make the frames of one sentence (B = 1); arguments as for `forward`."""
        text = self.text_encoder(symbols)
        condition = self.condition(emotion, speaker, symbols.shape[1])
        known = torch.cat([text, condition], dim=-1)
        adaptor = self.variance_adaptor
        pitch, energy = adaptor.pitch_predictor(known), adaptor.energy_predictor(known)
        text = adaptor.augment(text, pitch, energy)
        durations = adaptor.duration_predictor.infer(torch.cat([text, condition], dim=-1)).exp() - 1
        counts = round_half_up(durations)
        total = int(counts.sum())
        r = self.config.outputs_per_step
        memory = self._memory(text, condition, counts, total + -total % r)
        # The band follows the durations before they are rounded.
        band = int(durations.max() / r + 0.5)
        coarse = pad_frames(self._decode(memory, band)[:, :total], r)
        valid = (torch.arange(coarse.shape[1], device=coarse.device) < total).float()[None, :, None]
        frames = (self.mel_postnet(coarse, valid) + coarse)[0, :total]
        return Inference(durations[0], pitch[0], energy[0], coarse[0, :total], frames)

    def _decode(self, memory: Tensor, band: int) -> Tensor:
        """Frames step by step, each seeing what the one before it made, [1, S, M] -> [1, T, C]."""
        step_input, projected = self.decoder.project_memory(memory)
        previous = memory.new_zeros(1, 1, self.config.num_mels)
        nothing = memory.new_zeros(1, 1, 1, 1)
        past: list[KeysValues] | None = None
        made = []
        for step in range(memory.shape[1]):
            view = [
                (k[:, :, step : step + band + 1], v[:, :, step : step + band + 1])
                for k, v in projected
            ]
            frames, new = self.decoder(
                previous, step_input[:, step : step + 1], past, view, nothing, nothing
            )
            past = _window(past, new, band)
            made.append(frames.unflatten(-1, (self.config.outputs_per_step, -1))[:, 0])
            if self.config.autoregressive:
                previous = made[-1][:, -1:]
        if not made:
            return memory.new_zeros(1, 0, self.config.num_mels)
        return torch.cat(made, dim=1)


def _window(
    past: list[KeysValues] | None, new: list[KeysValues], band: int
) -> list[KeysValues] | None:
    """The last `band` steps of what was and what came."""
    if band == 0:
        return None
    if past is None:
        return new
    return [
        (torch.cat([k, nk], 2)[:, :, -band:], torch.cat([v, nv], 2)[:, :, -band:])
        for (k, v), (nk, nv) in zip(past, new, strict=True)
    ]


def _look_up(table: nn.Embedding, wanted: Tensor) -> Tensor:
    """Rows by id [B, L], or mixtures of rows by weight [B, L, rows], -> [B, L, C]."""
    found: Tensor = wanted @ table.weight if wanted.is_floating_point() else table(wanted)
    return found


def _mask(lengths: Tensor, total: int) -> Tensor:
    """1 before the end of each row, [B] -> float [B, total]."""
    return (torch.arange(total, device=lengths.device) < lengths[:, None]).float()
