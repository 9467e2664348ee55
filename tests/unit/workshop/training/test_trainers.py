"""The trainers: steps lower the loss, an interrupted run goes on, the result can be published."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.training.acoustic.prediction import predict_mels
from tts_daemon.workshop.training.acoustic.trainer import AcousticPlan, AcousticTrainer
from tts_daemon.workshop.training.corpus.corpus import Corpus
from tts_daemon.workshop.training.loop import train
from tts_daemon.workshop.training.published import PACE, publish
from tts_daemon.workshop.training.schedule import TimeBudget
from tts_daemon.workshop.training.states import load_state, save_state
from tts_daemon.workshop.training.vocoder.data import CropSource
from tts_daemon.workshop.training.vocoder.recognizer import RecognizerPlan, RecognizerTrainer
from tts_daemon.workshop.training.vocoder.trainer import VocoderPlan, VocoderTrainer
from tts_daemon.workshop.training.vocoder.wave_loss import Weights

ONE_HOUR = 60.0
FEW_FRAMES = Weights(lock=0.0)
"""A pattern in the frames cannot be told from chance in so few."""


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def acoustic(corpus: Corpus, folder: Path) -> AcousticTrainer:
    trainer = AcousticTrainer(corpus, folder, AcousticPlan(ONE_HOUR))
    # Past the warm-up, where a few steps would hardly move anything.
    trainer.clock = TimeBudget(ONE_HOUR, done=0.05)
    return trainer


def vocoder(corpus: Corpus, folder: Path, adversarial_from: float) -> VocoderTrainer:
    plan = VocoderPlan(
        ONE_HOUR,
        crops=2,
        crop_frames=16,
        adversarial_from=adversarial_from,
        weights=FEW_FRAMES,
    )
    trainer = VocoderTrainer(corpus, folder, plan, held_out_frames=16)
    trainer.clock = TimeBudget(ONE_HOUR, done=0.05)
    return trainer


def test_the_acoustic_model_learns(corpus: Corpus, tmp_path: Path) -> None:
    trainer = acoustic(corpus, tmp_path / "acoustic")
    batch = next(trainer.source.epoch())
    first = trainer.train_step(batch)
    for _ in range(20):
        last = trainer.train_step(batch)
    assert last["mel"] < 0.9 * first["mel"]
    assert last["duration"] < 0.9 * first["duration"]


def test_the_decoder_sees_no_previous_frame(corpus: Corpus, tmp_path: Path) -> None:
    trainer = acoustic(corpus, tmp_path / "acoustic")
    batch = next(trainer.source.epoch())
    for _ in range(3):
        trainer.train_step(batch)
    prenet = trainer.model.decoder.prenet
    assert not any(bool(parameter.any()) for parameter in prenet.parameters())
    assert not bool(prenet(torch.randn(1, 2, 82)).any())


def test_an_autoregressive_model_learns_its_prenet_and_says_what_it_is(
    corpus: Corpus, tmp_path: Path
) -> None:
    plan = AcousticPlan(ONE_HOUR, autoregressive=True)
    trainer = AcousticTrainer(corpus, tmp_path / "acoustic", plan)
    trainer.clock = TimeBudget(ONE_HOUR, done=0.05)
    prenet = trainer.model.decoder.prenet
    before = [parameter.clone() for parameter in prenet.parameters()]
    batch = next(trainer.source.epoch())
    for _ in range(3):
        trainer.train_step(batch)
    pairs = zip(before, prenet.parameters(), strict=True)
    assert any(not torch.equal(was, now) for was, now in pairs)
    trainer.save()
    vocoder(corpus, tmp_path / "vocoder", 1.0).save()
    states = (tmp_path / "acoustic/state.pt", tmp_path / "vocoder/state.pt")
    publish("rain", *states, corpus, tmp_path / "rain")
    config = yaml.safe_load((tmp_path / "rain/voices/rain/am/config.yaml").read_text())
    assert config["Model"]["KanTtsSAMBERT"]["params"]["autoregressive"] is True


def test_an_autoregressive_model_may_start_from_one_that_is_not(
    corpus: Corpus, tmp_path: Path
) -> None:
    plain = AcousticTrainer(corpus, tmp_path / "plain", AcousticPlan(ONE_HOUR))
    plain.save()
    plan = AcousticPlan(ONE_HOUR, autoregressive=True)
    start = tmp_path / "plain/state.pt"
    trainer = AcousticTrainer(corpus, tmp_path / "acoustic", plan, start_from=start)
    encoders = (model.text_encoder.sy_emb.weight for model in (plain.model, trainer.model))
    assert torch.equal(*encoders)
    # Zeros in two layers after each other have no gradient: such a prenet would stay as it is.
    weights = [p for p in trainer.model.decoder.prenet.parameters() if p.dim() == 2]
    assert all(bool(weight.any()) for weight in weights)


def test_an_earlier_training_that_is_not_there_is_named(corpus: Corpus, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.pt"
    with pytest.raises(CheckpointError, match=r"nowhere\.pt"):
        AcousticTrainer(corpus, tmp_path, AcousticPlan(ONE_HOUR), start_from=nowhere)
    with pytest.raises(CheckpointError, match=r"nowhere\.pt"):
        VocoderTrainer(corpus, tmp_path, VocoderPlan(ONE_HOUR), start_from=nowhere)


@pytest.mark.parametrize("adversarial_from", [0.0, 1.0])
def test_the_vocoder_learns(corpus: Corpus, tmp_path: Path, adversarial_from: float) -> None:
    trainer = vocoder(corpus, tmp_path / "vocoder", adversarial_from)
    crops = trainer.train_crops.draw(2, 16)
    first = trainer.train_step(crops)
    later = [trainer.train_step(crops) for _ in range(40)]
    # The discriminators make single steps swing: what counts is how far it got.
    assert min(step["spectral"] for step in later) < 0.95 * first["spectral"]
    assert ("judges" in later[-1]) == (adversarial_from == 0.0)


def test_the_vocoder_learns_in_bfloat16(corpus: Corpus, tmp_path: Path) -> None:
    losses = {}
    for bfloat16 in (False, True):
        plan = VocoderPlan(ONE_HOUR, crops=2, crop_frames=16, bfloat16=bfloat16, weights=FEW_FRAMES)
        trainer = VocoderTrainer(corpus, tmp_path / str(bfloat16), plan, held_out_frames=16)
        trainer.clock = TimeBudget(ONE_HOUR, done=0.05)
        crops = trainer.train_crops.draw(2, 16)
        losses[bfloat16] = [trainer.train_step(crops)["spectral"] for _ in range(40)]
        assert all(weight.dtype == torch.float32 for weight in trainer.generator.parameters())
    assert losses[True] != losses[False]
    assert min(losses[True]) < 0.95 * losses[True][0]


def test_the_vocoder_learns_from_the_acoustic_models_own_mels(
    corpus: Corpus, tmp_path: Path
) -> None:
    acoustic(corpus, tmp_path / "acoustic").save()
    target = tmp_path / "predicted.npy"
    predict_mels(corpus, tmp_path / "acoustic/state.pt", target, lambda _line: None)
    mels = np.load(target)
    assert mels.shape == corpus.mels.shape
    source = CropSource(corpus, corpus.sentences, predicted=target)
    (crop,) = source.draw(1, 16).mel.numpy()
    windows = np.lib.stride_tricks.sliding_window_view(mels, 16, axis=0)  # [T - 15, n_mels, 16]
    assert (np.abs(windows - crop).max(axis=(1, 2)) == 0).any()


def test_a_recogniser_may_listen(corpus: Corpus, tmp_path: Path) -> None:
    RecognizerTrainer(corpus, tmp_path, RecognizerPlan(ONE_HOUR)).save()
    plan = VocoderPlan(ONE_HOUR, crops=2, crop_frames=16)
    listening, deaf = (
        VocoderTrainer(
            corpus, tmp_path / "vocoder", plan, recognizer=recognizer, held_out_frames=16
        )
        for recognizer in (tmp_path / "state.pt", None)
    )
    crops = deaf.train_crops.draw(2, 16)
    assert listening.train_step(crops)["phones"] > 0
    assert set(deaf.train_step(crops)) == {"spectral", "mel", "bands", "repetition", "lock"}
    with pytest.raises(CheckpointError, match=r"nowhere\.pt"):
        VocoderTrainer(corpus, tmp_path, plan, recognizer=tmp_path / "nowhere.pt")


def test_an_interrupted_run_goes_on_where_it_stood(corpus: Corpus, tmp_path: Path) -> None:
    before = vocoder(corpus, tmp_path / "vocoder", 1.0)
    before.train_step(before.train_crops.draw(2, 16))
    before.save()
    after = vocoder(corpus, tmp_path / "vocoder", 1.0)
    assert after.step == 1
    for name, value in before.generator.state_dict().items():
        assert torch.equal(value, after.generator.state_dict()[name])


def test_a_run_ends_with_its_budget(corpus: Corpus, tmp_path: Path) -> None:
    trainer = AcousticTrainer(corpus, tmp_path / "acoustic", AcousticPlan(minutes=0.005))
    lines: list[str] = []
    train(trainer, lines.append)
    assert lines[-1].startswith("end, held out: step ")
    stored = load_state(tmp_path / "acoustic" / "state.pt")
    assert stored is not None
    assert stored["progress"] == 1.0


def test_a_state_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    save_state(path, {"step": 1})
    with pytest.raises(Exception, match="pickle"):
        save_state(path, {"step": (number for number in [])})
    assert load_state(path) == {"step": 1}


def test_a_published_voice_has_the_published_layout(corpus: Corpus, tmp_path: Path) -> None:
    acoustic_trainer = acoustic(corpus, tmp_path / "acoustic")
    vocoder_trainer = vocoder(corpus, tmp_path / "vocoder", 1.0)
    acoustic_trainer.save()
    vocoder_trainer.save()
    target = tmp_path / "rain"
    publish("rain", tmp_path / "acoustic/state.pt", tmp_path / "vocoder/state.pt", corpus, target)
    assert json.loads((target / "voices/voices.json").read_text()) == {"voices": ["rain"]}
    stored = torch.load(target / "voices/rain/voc/ckpt/checkpoint_0.pth", weights_only=True)
    assert "conv_pre.conv1d.weight_g" in stored["model"]["generator"]
    traits = json.loads((target / "traits.json").read_text())
    assert traits["emotions"] == ["neutral", "angry", "sad"]
    assert traits["pace"] == PACE
    assert "anr_c" in traits["untrained"]
    assert "a_c" not in traits["untrained"]


def test_sentences_too_short_for_a_crop_are_an_error(corpus: Corpus) -> None:
    longest = max(sentence.label.frames for sentence in corpus.sentences)
    source = CropSource(corpus, corpus.sentences)
    assert len(source.places(2, longest)) == 2
    with pytest.raises(CheckpointError, match="record longer ones"):
        source.places(2, longest + 1)


def test_the_melody_may_learn_alone(corpus: Corpus, tmp_path: Path) -> None:
    acoustic(corpus, tmp_path / "acoustic").save()
    plan = AcousticPlan(ONE_HOUR, rate=3e-3, melody_only=True)
    state = tmp_path / "acoustic/state.pt"
    trainer = AcousticTrainer(corpus, tmp_path / "melody", plan, start_from=state)
    trainer.clock = TimeBudget(ONE_HOUR, done=0.1)
    before = {name: value.clone() for name, value in trainer.model.named_parameters()}
    batch = next(trainer.source.epoch())
    first = trainer.train_step(batch)
    for _ in range(30):
        last = trainer.train_step(batch)
    assert set(last) == {"pitch", "energy", "duration"}
    assert sum(last.values()) < 0.8 * sum(first.values())
    moved = {n for n, value in trainer.model.named_parameters() if not value.equal(before[n])}
    assert {name.split("_predictor")[0] for name in moved} == {
        f"variance_adaptor.{part}" for part in ("pitch", "energy", "duration")
    }
