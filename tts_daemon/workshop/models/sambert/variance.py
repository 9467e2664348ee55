"""The variance adaptor: pitch, energy and duration of every symbol.

Letters: B batch, L symbols, P text width, G speaker + emotion width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tts_daemon.workshop.models.sambert.config import SambertConfig
from tts_daemon.workshop.models.sambert.fsmn import Fsmn
from tts_daemon.workshop.models.sambert.layers import Prenet
from tts_daemon.workshop.models.sambert.regulator import DurationPosition

EMBEDDING_KERNEL = 9

LstmState = tuple[Tensor, Tensor]


class ContourPredictor(nn.Module):
    """One value per symbol (pitch or energy) from the whole sentence."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        units, lstm_units = config.predictor_num_memory_units, config.predictor_lstm_units
        self.fsmn = Fsmn(
            config.encoder_projection_units + config.condition_units,
            units,
            config.predictor_ffn_inner_dim,
            layers=config.predictor_fsmn_num_layers,
            taps=config.predictor_filter_size,
            shift=config.predictor_shift,
            dropout=config.predictor_dropout,
        )
        self.blstm = nn.LSTM(units, lstm_units, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * lstm_units, 1)

    def forward(
        self, x: Tensor, valid: Tensor | None = None, lengths: Tensor | None = None
    ) -> Tensor:
        """[B, L, P + G] -> [B, L], zero beyond the end of a sentence.

        Args:
            x: Text and condition.
            valid: 0 where there is no symbol [B, L, 1]; None for a single sentence.
            lengths: Symbols of each sentence [B]; given together with `valid`.
        """
        hidden = self.fsmn(x, valid)
        if valid is None or lengths is None:
            return self._project(self.blstm(hidden)[0])
        packed = pack_padded_sequence(hidden, lengths.cpu(), batch_first=True, enforce_sorted=False)
        hidden, _ = pad_packed_sequence(
            self.blstm(packed)[0], batch_first=True, total_length=x.shape[1]
        )
        return self._project(hidden) * valid[:, :, 0]

    def _project(self, hidden: Tensor) -> Tensor:
        contour: Tensor = self.fc(hidden)
        return contour.squeeze(-1)


class DurationNetwork(nn.Module):
    """log(1 + frames) of each symbol, from the symbol before and what is known of this one."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self.prenet = Prenet(1, config.dur_pred_prenet_units)
        width = config.dur_pred_prenet_units[-1]
        width += config.encoder_projection_units + config.condition_units
        self.lstm = nn.LSTM(width, config.dur_pred_lstm_units, num_layers=2, batch_first=True)
        self.fc = nn.Linear(config.dur_pred_lstm_units, 1)

    def forward(
        self, previous: Tensor, condition: Tensor, state: LstmState | None = None
    ) -> tuple[Tensor, LstmState]:
        """Predict as many symbols as are given.

        Args:
            previous: log(1 + frames) of the symbol before [B, L]; 0 at the first.
            condition: [B, L, P + G].
            state: Of the symbols before.

        Returns:
            log(1 + frames) [B, L], and the state.
        """
        x = torch.cat([self.prenet(previous[:, :, None]), condition], dim=-1)
        hidden, state = self.lstm(x, state)
        return torch.relu(self.fc(hidden)).squeeze(-1), state

    def infer(self, condition: Tensor) -> Tensor:
        """Symbol after symbol: [B, L, P + G] -> log(1 + frames) [B, L]."""
        previous = condition.new_zeros(condition.shape[0], 1)
        state: LstmState | None = None
        predicted = []
        for place in range(condition.shape[1]):
            symbol = condition[:, place : place + 1]
            previous, state = self(previous, symbol, state)
            predicted.append(previous)
        return torch.cat(predicted, dim=1)


class VarianceAdaptor(nn.Module):
    """The three predictors, and the embeddings by which pitch and energy change the text."""

    def __init__(self, config: SambertConfig) -> None:
        super().__init__()
        self.pitch_predictor = ContourPredictor(config)
        self.energy_predictor = ContourPredictor(config)
        self.duration_predictor = DurationNetwork(config)
        self.dur_position_encoder = DurationPosition(config.encoder_projection_units)
        self.pitch_emb = self._contour_embedding(config)
        self.energy_emb = self._contour_embedding(config)

    @staticmethod
    def _contour_embedding(config: SambertConfig) -> nn.Conv1d:
        padding = EMBEDDING_KERNEL // 2
        units = config.encoder_projection_units
        return nn.Conv1d(1, units, EMBEDDING_KERNEL, padding=padding)

    def augment(self, text: Tensor, pitch: Tensor, energy: Tensor) -> Tensor:
        """Add the embedded contours [B, L] to the text vectors [B, L, P]."""
        contours = self.pitch_emb(pitch[:, None]) + self.energy_emb(energy[:, None])  # [B, P, L]
        result: Tensor = text + contours.transpose(1, 2)
        return result
