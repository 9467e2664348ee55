"""The acoustic model's hyperparameters as `am/config.yaml` spells them, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tts_daemon.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class TableSizes:
    """Rows of the embedding tables. `speaker` is 0 where a speaker embedding stands instead."""

    sy: int = 147
    tone: int = 10
    syllable_flag: int = 8
    word_segment: int = 8
    emotion: int = 36
    speaker: int = 0


@dataclass(frozen=True, slots=True)
class SambertConfig:
    """Shape of one acoustic model, named as in the published configuration where it has a name.

    Attributes:
        tables: Rows of the embedding tables.
        num_mels: Values a frame: mel bands, and two more (f0, voiced) in NSF models.
        outputs_per_step: Frames per decoder step.
        autoregressive: False: the decoder's previous frame is always zero (our own, unpublished).
        postnet_shift, predictor_shift: Taps that an FSMN filter is moved into the past.
    """

    tables: TableSizes = TableSizes()
    max_len: int = 800
    embedding_dim: int = 512
    encoder_num_layers: int = 8
    encoder_num_heads: int = 8
    encoder_num_units: int = 128
    encoder_ffn_inner_dim: int = 1024
    encoder_dropout: float = 0.1
    encoder_attention_dropout: float = 0.1
    encoder_relu_dropout: float = 0.1
    encoder_projection_units: int = 32
    speaker_units: int = 192
    emotion_units: int = 32
    predictor_filter_size: int = 41
    predictor_fsmn_num_layers: int = 3
    predictor_num_memory_units: int = 128
    predictor_ffn_inner_dim: int = 256
    predictor_dropout: float = 0.1
    predictor_shift: int = 0
    predictor_lstm_units: int = 128
    dur_pred_prenet_units: tuple[int, ...] = (128, 128)
    dur_pred_lstm_units: int = 128
    decoder_prenet_units: tuple[int, ...] = (256, 256)
    decoder_num_layers: int = 12
    decoder_num_heads: int = 8
    decoder_num_units: int = 128
    decoder_ffn_inner_dim: int = 1024
    decoder_dropout: float = 0.1
    decoder_attention_dropout: float = 0.1
    decoder_relu_dropout: float = 0.1
    outputs_per_step: int = 3
    num_mels: int = 82
    postnet_filter_size: int = 41
    postnet_fsmn_num_layers: int = 4
    postnet_num_memory_units: int = 256
    postnet_ffn_inner_dim: int = 512
    postnet_dropout: float = 0.1
    postnet_shift: int = 17
    postnet_lstm_units: int = 128
    autoregressive: bool = True

    @property
    def condition_units(self) -> int:
        """Width of speaker and emotion together (G)."""
        return self.speaker_units + self.emotion_units

    @property
    def memory_units(self) -> int:
        """Width of one decoder step's memory (M)."""
        return self.encoder_projection_units * self.outputs_per_step + self.condition_units

    @classmethod
    def from_config(cls, params: Mapping[str, Any], tables: TableSizes) -> SambertConfig:
        """Read `Model.KanTtsSAMBERT.params` of a published configuration.

        Raises:
            CheckpointError: A key is missing, has a wrong type or value, or asks for a variant that
                this project does not play; names the key.
        """
        for key, what in (("FP", "filled pauses"), ("using_byte", "text as bytes")):
            if params.get(key, False):
                raise CheckpointError(
                    f"Model.KanTtsSAMBERT.params.{key}: models of {what} are not supported"
                )
        values: dict[str, Any] = {"tables": tables}
        for item in fields(cls):
            if item.name == "tables" or (item.name == "autoregressive" and item.name not in params):
                continue
            if item.name not in params:
                raise CheckpointError(f"Model.KanTtsSAMBERT.params.{item.name} is missing")
            values[item.name] = _checked(item.name, str(item.type), params[item.name])
        config = cls(**values)
        config._check_heads()
        return config

    def _check_heads(self) -> None:
        for part in ("encoder", "decoder"):
            units, heads = getattr(self, f"{part}_num_units"), getattr(self, f"{part}_num_heads")
            if units % heads:
                raise CheckpointError(
                    f"Model.KanTtsSAMBERT.params.{part}_num_units: {units} is no multiple of"
                    f" {part}_num_heads, {heads}"
                )


def _checked(name: str, kind: str, value: Any) -> Any:
    """A value of the kind that the field `name` is annotated with, within sane limits."""
    where = f"Model.KanTtsSAMBERT.params.{name}"
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "float" and isinstance(value, int | float) and 0 <= value < 1:
        return float(value)
    if kind == "int" and _is_size(value, lowest=0 if name.endswith("shift") else 1):
        return value
    if kind.startswith("tuple") and isinstance(value, list) and value and all(map(_is_size, value)):
        return tuple(value)
    raise CheckpointError(f"{where}: {value!r} is not a usable {kind}")


def _is_size(value: Any, lowest: int = 1) -> bool:
    # The bound keeps a hostile file from asking for all memory.
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= 65536
