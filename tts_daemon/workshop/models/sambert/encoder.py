"""The text encoder: symbol ids -> text vectors.

Letters: B batch, L symbols, C channels.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tts_daemon.workshop.models.sambert.config import SambertConfig
from tts_daemon.workshop.models.sambert.layers import (
    NORM_EPSILON,
    FeedForward,
    attend,
    split_heads,
)


def position_table(length: int, channels: int) -> Tensor:
    """Sines, then cosines, of position / 10000^(j / (C/2 - 1)), from position 1: [1, L, C]."""
    rates = np.power(10000.0, -np.arange(channels // 2) / (channels / 2 - 1))
    angles = np.arange(1, length + 1)[:, None] * rates
    table = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    return torch.from_numpy(table[None].astype(np.float32))


class PositionEncoder(nn.Module):
    """Adds a position to every symbol. The table is stored in the checkpoint, but never trained."""

    def __init__(self, max_len: int, channels: int) -> None:
        super().__init__()
        self.position_enc = nn.Parameter(position_table(max_len, channels), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, C] -> [B, L, C]; sentences longer than the table use its formula."""
        table = self.position_enc
        if x.shape[1] > table.shape[1]:
            return x + position_table(x.shape[1], x.shape[2]).to(x.device)
        return x + table[:, : x.shape[1]]


class SelfAttention(nn.Module):
    """Normalise, attend to the whole sentence, add to the input where the widths agree."""

    def __init__(self, in_units: int, config: SambertConfig) -> None:
        super().__init__()
        units = config.encoder_num_units
        self.heads = config.encoder_num_heads
        self.dropout = config.encoder_dropout
        self.attention_dropout = config.encoder_attention_dropout
        self.residual = in_units == units
        self.layer_norm = nn.LayerNorm(in_units, eps=NORM_EPSILON)
        self.w_qkv = nn.Linear(in_units, 3 * units)
        self.fc = nn.Linear(units, units)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """[B, L, C] -> [B, L, C']; `mask` [B, 1, 1, L] is added to the scores."""
        query, key, value = self.w_qkv(self.layer_norm(x)).chunk(3, -1)
        query, key, value = split_heads((query, key, value), self.heads)
        dropout = self.attention_dropout if self.training else 0.0
        output: Tensor = self.fc(attend(query, key, value, mask, dropout))
        output = functional.dropout(output, self.dropout, self.training)
        return output + x if self.residual else output


class EncoderBlock(nn.Module):
    """Self-attention, then a feed-forward layer that looks at the neighbours."""

    def __init__(self, in_units: int, config: SambertConfig) -> None:
        super().__init__()
        self.slf_attn = SelfAttention(in_units, config)
        self.pos_ffn = FeedForward(
            config.encoder_num_units,
            config.encoder_ffn_inner_dim,
            (3, 1),
            config.encoder_dropout,
            config.encoder_relu_dropout,
        )

    def forward(self, x: Tensor, mask: Tensor | None, valid: Tensor | None) -> Tensor:
        """[B, L, C] -> [B, L, C']."""
        result: Tensor = self.pos_ffn(self.slf_attn(x, mask), valid)
        return result


class SelfAttentionEncoder(nn.Module):
    """Positions, the blocks, and a last normalisation."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        widths = [config.embedding_dim]
        widths += [config.encoder_num_units] * (config.encoder_num_layers - 1)
        self.fft = nn.ModuleList(EncoderBlock(width, config) for width in widths)
        self.ln = nn.LayerNorm(config.encoder_num_units, eps=NORM_EPSILON)
        self.position_enc = PositionEncoder(config.max_len, config.embedding_dim)
        self.scale = math.sqrt(config.encoder_num_units)
        self.dropout = config.encoder_dropout

    def forward(self, x: Tensor, valid: Tensor | None) -> Tensor:
        """[B, L, C] -> [B, L, C']; `valid` [B, L, 1] is 0 where there is no symbol."""
        mask = None
        if valid is not None:
            mask = ((1 - valid) * -1e9).transpose(1, 2)[:, None]  # [B, 1, 1, L]
        x = functional.dropout(self.position_enc(x * self.scale), self.dropout, self.training)
        for block in self.fft:
            x = block(x, mask, valid)
        result: Tensor = self.ln(x)
        return result


class TextEncoder(nn.Module):
    """Four embeddings added, encoded, and projected to the text width."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        tables, units = config.tables, config.embedding_dim
        self.sy_emb = nn.Embedding(tables.sy, units)
        self.tone_emb = nn.Embedding(tables.tone, units)
        self.syllable_flag_emb = nn.Embedding(tables.syllable_flag, units)
        self.ws_emb = nn.Embedding(tables.word_segment, units)
        self.ling_enc = SelfAttentionEncoder(config)
        self.ling_proj = nn.Linear(
            config.encoder_num_units, config.encoder_projection_units, bias=False
        )

    def forward(self, symbols: Tensor, valid: Tensor | None = None) -> Tensor:
        """[B, L, 4] (sy, tone, syllable_flag, word_segment ids) -> [B, L, P]."""
        embedded = (
            self.sy_emb(symbols[:, :, 0])
            + self.tone_emb(symbols[:, :, 1])
            + self.syllable_flag_emb(symbols[:, :, 2])
            + self.ws_emb(symbols[:, :, 3])
        )
        result: Tensor = self.ling_proj(self.ling_enc(embedded, valid))
        return result
