"""The mel decoder: memory -> frames, several frames a step, each step attending to its own past and
to the memory from now to a little ahead.

Source: Li et al. 2020, "RobuTrans", for pseudo non-causal attention (PNCA).
Letters: B batch, S steps of this call, W past steps in view, U memory steps in view, H heads,
D head width, C values a frame, M memory width, r frames a step.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tts_daemon.workshop.models.sambert.config import SambertConfig
from tts_daemon.workshop.models.sambert.layers import (
    NORM_EPSILON,
    FeedForward,
    Prenet,
    attend,
    split_heads,
)

MASKED = -1e9

KeysValues = tuple[Tensor, Tensor]
"""Keys and values of one layer, each [B, H, steps, D]."""


def attention_masks(
    bands: Tensor, steps: int, lengths: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Masks for all steps at once, to be added to the attention scores.

    Args:
        bands: How many steps each sentence may look back and ahead [B].
        steps: S.
        lengths: Steps of each sentence [B]; None: all of them.

    Returns:
        Mask of the past and mask of the memory, each [B, 1, S, S].
    """
    place = torch.arange(steps, device=bands.device)
    distance = (place[None, :] - place[:, None])[None]  # key - query, [1, S, S]
    band = bands[:, None, None]
    past = (distance > 0) | (distance < -band)
    ahead = (distance < 0) | (distance > band)
    if lengths is not None:
        # A step beyond the end still sees its own place, or its softmax would be undefined.
        ahead |= (place[None, None, :] >= lengths[:, None, None]) & (distance != 0)
    masks = torch.stack([past, ahead.expand_as(past)]).float() * MASKED
    return masks[0][:, None], masks[1][:, None]


class PncaAttention(nn.Module):
    """One query; two attentions, over the past steps and over the memory."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        units = config.decoder_num_units
        self.heads = config.decoder_num_heads
        self.dropout = config.decoder_dropout
        self.attention_dropout = config.decoder_attention_dropout
        self.layer_norm = nn.LayerNorm(units, eps=NORM_EPSILON)
        self.w_x_qkv = nn.Linear(units, 3 * units)
        self.fc_x = nn.Linear(units, units)
        self.w_h_kv = nn.Linear(config.memory_units, 2 * units)
        self.fc_h = nn.Linear(units, units)

    def project_memory(self, memory: Tensor) -> KeysValues:
        """[B, U, M] -> keys and values [B, H, U, D]; once per sentence."""
        key, value = self.w_h_kv(memory).chunk(2, -1)
        key, value = split_heads((key, value), self.heads)
        return key, value

    def forward(
        self,
        x: Tensor,
        past: KeysValues | None,
        memory: KeysValues,
        past_mask: Tensor,
        memory_mask: Tensor,
    ) -> tuple[Tensor, KeysValues]:
        """[B, S, units] -> the same, and the new steps' keys and values [B, H, S, D]."""
        query, key, value = self.w_x_qkv(self.layer_norm(x)).chunk(3, -1)
        query, key, value = split_heads((query, key, value), self.heads)
        keys, values = key, value
        if past is not None:
            keys, values = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        dropout = self.attention_dropout if self.training else 0.0
        output: Tensor = self.fc_x(attend(query, keys, values, past_mask, dropout))
        output = output + self.fc_h(attend(query, *memory, memory_mask, dropout))
        return x + functional.dropout(output, self.dropout, self.training), (key, value)


class PncaBlock(nn.Module):
    """The attentions, then a feed-forward layer."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self.pnca_attn = PncaAttention(config)
        self.pos_ffn = FeedForward(
            config.decoder_num_units,
            config.decoder_ffn_inner_dim,
            (1, 1),
            config.decoder_dropout,
            config.decoder_relu_dropout,
        )


class MelDecoder(nn.Module):
    """Prenet, blocks and output; state goes in and comes out, none is kept inside."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        units = config.decoder_num_units
        self.memory_units = config.memory_units
        self.scale = math.sqrt(units)
        self.dropout = config.decoder_dropout
        self.prenet = Prenet(config.num_mels, config.decoder_prenet_units, units)
        self.dec_in_proj = nn.Linear(units + config.memory_units, units)
        self.pnca = nn.ModuleList(PncaBlock(config) for _ in range(config.decoder_num_layers))
        self.ln = nn.LayerNorm(units, eps=NORM_EPSILON)
        self.dec_out_proj = nn.Linear(units, config.num_mels * config.outputs_per_step)

    @property
    def blocks(self) -> list[PncaBlock]:
        """The layers, first to last."""
        return cast("list[PncaBlock]", list(self.pnca))

    def project_memory(self, memory: Tensor) -> tuple[Tensor, list[KeysValues]]:
        """What the steps need of the memory [B, U, M]; once per sentence.

        Returns:
            The memory's part of the step input [B, U, units], and each layer's keys and values.
        """
        weight = self.dec_in_proj.weight[:, : self.memory_units]
        step_input = functional.linear(memory, weight, self.dec_in_proj.bias)
        return step_input, [block.pnca_attn.project_memory(memory) for block in self.blocks]

    def forward(
        self,
        previous_frames: Tensor,
        step_input: Tensor,
        past: list[KeysValues] | None,
        memory: list[KeysValues],
        past_mask: Tensor,
        memory_mask: Tensor,
    ) -> tuple[Tensor, list[KeysValues]]:
        """Run S steps.

        Args:
            previous_frames: Last frame of the step before each [B, S, C].
            step_input: The memory's part of the input [B, S, units].
            past: Each layer's keys and values of the W steps before; None: there are none.
            memory: Each layer's keys and values of the U memory steps in view.
            past_mask: Added to the scores of past and new steps [B, 1, S, W + S].
            memory_mask: Added to the scores of the memory [B, 1, S, U].

        Returns:
            Frames [B, S, r x C], and each layer's keys and values of the new steps.
        """
        weight = self.dec_in_proj.weight[:, self.memory_units :]
        x = step_input + functional.linear(self.prenet(previous_frames), weight)
        x = functional.dropout(x * self.scale, self.dropout, self.training)
        new = []
        for layer, block in enumerate(self.blocks):
            before = None if past is None else past[layer]
            x, made = block.pnca_attn(x, before, memory[layer], past_mask, memory_mask)
            x = block.pos_ffn(x)
            new.append(made)
        return self.dec_out_proj(self.ln(x)), new
