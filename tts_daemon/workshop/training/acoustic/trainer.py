"""Trains the acoustic model on the teacher's durations, pitch and energy.

The decoder sees no previous frame (`autoregressive: false`): the prenet holds zeros, so that the
checkpoint is still a regular one, and the runtime may compute all steps at once. The published
way, autoregressive with dropout in the prenet, can be trained for comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tts_daemon.workshop.models.sambert import (
    Melody,
    Sambert,
    SambertConfig,
    TableSizes,
    Training,
)
from tts_daemon.workshop.training.acoustic.data import (
    Batch,
    Item,
    ItemSource,
    Moments,
    make_item,
)
from tts_daemon.workshop.training.corpus import tables
from tts_daemon.workshop.training.corpus.corpus import Corpus
from tts_daemon.workshop.training.schedule import TimeBudget, cosine_rate
from tts_daemon.workshop.training.states import load_state, required_state, save_state

ACOUSTIC_PARAMS: dict[str, Any] = {
    "NSF": True,
    "SE": False,
    "MAS": False,
    "nsf_norm_type": "global",
    "nsf_f0_global_minimum": 30.0,
    "nsf_f0_global_maximum": 730.0,
    "autoregressive": False,
    "max_len": 800,
    "num_mels": 82,
    "outputs_per_step": 3,
    "embedding_dim": 128,
    "speaker_units": 16,
    "emotion_units": 32,
    "encoder_num_layers": 4,
    "encoder_num_heads": 4,
    "encoder_num_units": 128,
    "encoder_ffn_inner_dim": 384,
    "encoder_dropout": 0.0,
    "encoder_attention_dropout": 0.0,
    "encoder_relu_dropout": 0.0,
    "encoder_projection_units": 64,
    "predictor_filter_size": 41,
    "predictor_fsmn_num_layers": 3,
    "predictor_num_memory_units": 96,
    "predictor_ffn_inner_dim": 192,
    "predictor_dropout": 0.1,
    "predictor_shift": 0,
    "predictor_lstm_units": 64,
    "dur_pred_prenet_units": [64, 64],
    "dur_pred_lstm_units": 96,
    "decoder_prenet_units": [64, 64],
    "decoder_num_layers": 6,
    "decoder_num_heads": 4,
    "decoder_num_units": 128,
    "decoder_ffn_inner_dim": 512,
    "decoder_dropout": 0.0,
    "decoder_attention_dropout": 0.0,
    "decoder_relu_dropout": 0.0,
    "postnet_filter_size": 41,
    "postnet_fsmn_num_layers": 3,
    "postnet_num_memory_units": 192,
    "postnet_ffn_inner_dim": 384,
    "postnet_dropout": 0.0,
    "postnet_shift": 17,
    "postnet_lstm_units": 96,
}

_PRENET = "mel_dec.prenet."

F0_WEIGHT = 10.0
"""One unit of normalised f0 is ten standard deviations."""


@dataclass(frozen=True)
class AcousticPlan:
    """How the acoustic model is trained.

    Attributes:
        minutes: Wall-clock budget, or what remains of it.
        rate: Peak learning rate.
        batch_frames: Frames of a batch, padding included.
        autoregressive: Whether the decoder sees its previous frame, as published.
        melody_only: Whether only what predicts pitch, energy and durations learns; a step without
            frames takes a small part of the time.
        device: `cpu` or `cuda`.
    """

    minutes: float
    rate: float = 1e-3
    batch_frames: int = 1200
    autoregressive: bool = False
    melody_only: bool = False
    device: str = "cpu"
    seed: int = 0

    @property
    def params(self) -> dict[str, Any]:
        """Of the model, as its configuration states them."""
        return ACOUSTIC_PARAMS | {"autoregressive": self.autoregressive}


def table_sizes() -> TableSizes:
    """Rows of the embedding tables."""
    return TableSizes(
        sy=len(tables.SY),
        tone=len(tables.TONE),
        syllable_flag=len(tables.SYLLABLE_FLAG),
        word_segment=len(tables.WORD_SEGMENT),
        emotion=len(tables.EMOTION),
        speaker=len(tables.SPEAKER),
    )


def new_model(params: dict[str, Any]) -> Sambert:
    """A model to train; without `autoregressive` every prenet parameter is zero and stays so."""
    model = Sambert(SambertConfig.from_config(params, table_sizes()))
    for table in (model.text_encoder.sy_emb, model.text_encoder.tone_emb):
        # The encoder multiplies the embeddings by the root of its width.
        nn.init.normal_(table.weight, std=params["embedding_dim"] ** -0.5)
    if params["autoregressive"]:
        return model
    for parameter in model.decoder.prenet.parameters():
        nn.init.zeros_(parameter)
        parameter.requires_grad_(False)
    return model


def trained_params(state: dict[str, Any]) -> dict[str, Any]:
    """Parameters of the model that a training state holds; one without a plan was recovered."""
    autoregressive = state.get("plan", {}).get("autoregressive", False)
    return ACOUSTIC_PARAMS | {"autoregressive": autoregressive}


def moments_of(items: list[Item]) -> tuple[Moments, Moments]:
    """Of pitch and energy, by which the model sees them."""
    pitch = Moments.of(np.concatenate([item.pitch for item in items]))
    return pitch, Moments.of(np.concatenate([i.energy[i.durations > 0] for i in items]))


def _start_with(model: Sambert, state: dict[str, Any]) -> None:
    """Load the weights of an earlier training; a prenet of zeros would never learn anything."""
    weights: dict[str, Tensor] = dict(state["model"])
    if model.config.autoregressive and not trained_params(state)["autoregressive"]:
        fresh = model.state_dict()
        weights |= {name: fresh[name] for name in weights if _PRENET in name}
    model.load_state_dict(weights)


def _freeze_all_but_melody(model: Sambert) -> None:
    model.requires_grad_(False)
    adaptor = model.variance_adaptor
    for part in (adaptor.pitch_predictor, adaptor.energy_predictor, adaptor.duration_predictor):
        part.requires_grad_(True)


def forward(model: Sambert, batch: Batch) -> Training:
    """Run the model on the teacher's durations, pitch and energy."""
    made: Training = model(
        batch.symbols,
        batch.emotion,
        batch.speaker,
        batch.lengths,
        durations=batch.durations,
        pitch=batch.pitch,
        energy=batch.energy,
        frames=batch.frames,
    )
    return made


def predict_melody(model: Sambert, batch: Batch) -> Melody:
    """Let the model predict pitch, energy and durations alone."""
    return model.melody(
        batch.symbols,
        batch.emotion,
        batch.speaker,
        batch.lengths,
        durations=batch.durations,
        pitch=batch.pitch,
        energy=batch.energy,
    )


def losses(made: Training, batch: Batch) -> dict[str, Tensor]:
    """Mean absolute errors of frames (before and after the postnet) and of what symbols predict."""
    frames = made.frame_mask.sum()
    short = made.frames.shape[1] - batch.frames.shape[1]
    target = nn.functional.pad(batch.frames, (0, 0, 0, short))
    result = {}
    for name, guess in (("coarse", made.coarse), ("mel", made.frames)):
        error = (guess - target).abs() * made.frame_mask[:, :, None]
        result[name] = error[:, :, :80].sum() / frames / 80
        # Where nothing is voiced the f0 is never heard.
        audible = target[:, :, 81] + 0.1
        result[f"{name}_f0"] = (error[:, :, 80] * audible).sum() / frames
        result[f"{name}_voiced"] = error[:, :, 81].sum() / frames
    return result | melody_losses(made.melody, batch)


def melody_losses(made: Melody, batch: Batch) -> dict[str, Tensor]:
    """Mean absolute errors of what is predicted of the symbols."""
    symbols = made.symbol_mask.sum()
    return {
        name: ((guess - wanted).abs() * made.symbol_mask).sum() / symbols
        for name, guess, wanted in (
            ("pitch", made.pitch, batch.pitch),
            ("energy", made.energy, batch.energy),
            ("duration", made.log_durations, torch.log1p(batch.durations.float())),
        )
    }


def total(parts: dict[str, Tensor]) -> Tensor:
    """The weighted sum of `losses`."""
    weights = {"coarse_f0": F0_WEIGHT, "mel_f0": F0_WEIGHT, "pitch": 0.5, "energy": 0.5}
    return torch.stack([weights.get(name, 1.0) * value for name, value in parts.items()]).sum()


class AcousticTrainer:
    """One training, resumable; `loop.train` runs it."""

    def __init__(
        self,
        corpus: Corpus,
        folder: Path,
        plan: AcousticPlan,
        *,
        start_from: Path | None = None,
    ) -> None:
        """`start_from` is the state of an earlier training whose weights this one starts with.

        Raises:
            CheckpointError: `start_from` is not there.
        """
        torch.manual_seed(plan.seed)
        self.plan, self.folder = plan, folder
        self.model = new_model(plan.params).to(plan.device)
        if plan.melody_only:
            _freeze_all_but_melody(self.model)
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, plan.rate, (0.9, 0.98), 1e-9, weight_decay=1e-3)
        train, held_out = corpus.split()
        items = [make_item(corpus, sentence) for sentence in train]
        self.step, self.epochs, done = 0, 0.0, 0.0
        state = load_state(folder / "state.pt")
        earlier = required_state(start_from) if start_from and state is None else state
        if earlier is None:
            self.pitch, self.energy = moments_of(items)
        else:  # what was learnt was learnt with these
            self.pitch, self.energy = (Moments(**earlier[name]) for name in ("pitch", "energy"))
        if state is not None:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.epochs, done = state["step"], state["epochs"], state["progress"]
        elif earlier is not None:
            _start_with(self.model, earlier)
        self.source = ItemSource(
            items, self.pitch, self.energy, batch_frames=plan.batch_frames, seed=self.step + 1
        )
        held_out_items = [make_item(corpus, sentence) for sentence in held_out]
        self.held_out = ItemSource(held_out_items, self.pitch, self.energy)
        self.clock = TimeBudget(plan.minutes, done)

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One step."""
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = cosine_rate(self.plan.rate, self.clock.progress, warm_up=0.04)
        batch = batch.to(self.plan.device)
        parts = self._losses(batch)
        self.optimizer.zero_grad()
        torch.autograd.backward(total(parts))
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if bool(torch.isfinite(norm)):
            self.optimizer.step()
        self.step += 1
        self.epochs += len(batch.lengths) / len(self.source.items)
        return {name: float(value.detach()) for name, value in parts.items()}

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        if self.plan.melody_only:
            return melody_losses(predict_melody(self.model, batch), batch)
        return losses(forward(self.model, batch), batch)

    def evaluate(self) -> dict[str, float]:
        """The losses on sentences that are not trained on."""
        self.model.eval()
        sums: dict[str, float] = {}
        with torch.no_grad():
            for batch in self.held_out.epoch():
                share = len(batch.lengths) / len(self.held_out.items)
                batch = batch.to(self.plan.device)
                for name, value in self._losses(batch).items():
                    sums[name] = sums.get(name, 0.0) + share * float(value)
        return sums

    def save(self) -> None:
        """Write the whole state."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "epochs": self.epochs,
            "progress": self.clock.progress,
            "plan": asdict(self.plan),
            "pitch": asdict(self.pitch),
            "energy": asdict(self.energy),
        }
        save_state(self.folder / "state.pt", state)

    def batches(self) -> Iterator[Batch]:
        """Epoch after epoch."""
        while True:
            yield from self.source.epoch()
