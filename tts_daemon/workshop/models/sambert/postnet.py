"""The postnet: decoder frames -> a correction to be added to them.

Letters: B batch, T frames, C values a frame.
"""

from __future__ import annotations

from torch import Tensor, nn

from tts_daemon.workshop.models.sambert.config import SambertConfig
from tts_daemon.workshop.models.sambert.fsmn import Fsmn


class FsmnPostnet(nn.Module):
    """FSMN layers with a short look ahead, and an LSTM that only looks back."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self.fsmn = Fsmn(
            config.num_mels,
            config.postnet_num_memory_units,
            config.postnet_ffn_inner_dim,
            layers=config.postnet_fsmn_num_layers,
            taps=config.postnet_filter_size,
            shift=config.postnet_shift,
            dropout=config.postnet_dropout,
        )
        self.lstm = nn.LSTM(
            config.postnet_num_memory_units, config.postnet_lstm_units, batch_first=True
        )
        self.fc = nn.Linear(config.postnet_lstm_units, config.num_mels)

    def forward(self, frames: Tensor, valid: Tensor | None = None) -> Tensor:
        """[B, T, C] -> the correction [B, T, C]; `valid` [B, T, 1] is 0 where there is no frame."""
        hidden, _ = self.lstm(self.fsmn(frames, valid))
        correction: Tensor = self.fc(hidden)
        return correction
