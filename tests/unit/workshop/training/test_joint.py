"""Both networks trained together: what learns, what stays, and what is left on disk."""

from pathlib import Path

import pytest
import torch

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.training.acoustic.trainer import AcousticPlan, AcousticTrainer
from tts_daemon.workshop.training.corpus.corpus import Corpus
from tts_daemon.workshop.training.joint_trainer import JointPlan, JointTrainer
from tts_daemon.workshop.training.loop import train
from tts_daemon.workshop.training.published import publish
from tts_daemon.workshop.training.schedule import TimeBudget
from tts_daemon.workshop.training.states import required_state
from tts_daemon.workshop.training.vocoder.recognizer import RecognizerPlan, RecognizerTrainer
from tts_daemon.workshop.training.vocoder.trainer import VocoderPlan, VocoderTrainer

ONE_HOUR = 60.0


@pytest.fixture
def states(corpus: Corpus, tmp_path: Path) -> dict[str, Path]:
    """What the trainings before this one leave."""
    torch.set_num_threads(1)
    AcousticTrainer(corpus, tmp_path / "acoustic", AcousticPlan(ONE_HOUR)).save()
    VocoderTrainer(corpus, tmp_path / "vocoder", VocoderPlan(ONE_HOUR), held_out_frames=16).save()
    RecognizerTrainer(corpus, tmp_path / "recognizer", RecognizerPlan(ONE_HOUR)).save()
    names = ("acoustic", "vocoder", "recognizer")
    return {name: tmp_path / name / "state.pt" for name in names}


def joint(corpus: Corpus, folder: Path, states: dict[str, Path], **plan: float) -> JointTrainer:
    chosen = JointPlan(ONE_HOUR, crops=2, crop_frames=16, **plan)  # type: ignore[arg-type]
    trainer = JointTrainer(corpus, folder, chosen, **states)
    trainer.clock = TimeBudget(ONE_HOUR, done=0.05)
    return trainer


def test_both_learn_and_the_prenet_stays(
    corpus: Corpus, tmp_path: Path, states: dict[str, Path]
) -> None:
    trainer = joint(
        corpus, tmp_path / "joint", states, acoustic_rate=1e-3, vocoder_rate=1e-3, wave_share=0.01
    )
    before = {name: value.clone() for name, value in trainer.model.named_parameters()}
    batch = next(trainer.source.epoch())
    steps = [trainer.train_step(batch) for _ in range(30)]
    assert set(steps[0]) == {
        "decoder",
        "spectral",
        "mel",
        "bands",
        "repetition",
        "lock",
        "hearing",
        "phones",
    }
    assert steps[-1]["decoder"] < 0.95 * steps[0]["decoder"]
    assert min(step["spectral"] for step in steps[1:]) < 0.95 * steps[0]["spectral"]
    moved = {
        name
        for name, value in trainer.model.named_parameters()
        if not torch.equal(value, before[name])
    }
    assert {name.partition(".")[0] for name in moved} >= {
        "text_encoder",
        "mel_decoder",
        "mel_postnet",
    }
    # Zeros make the decoder blind to its last frame, and have to stay.
    assert not any(name.startswith("mel_decoder.mel_dec.prenet.") for name in moved)


def test_what_is_heard_reaches_the_decoder(
    corpus: Corpus, tmp_path: Path, states: dict[str, Path]
) -> None:
    gradients = []
    for share in (0.0, 1.0):
        trainer = joint(corpus, tmp_path / "joint", states, wave_share=share)
        batch = next(trainer.source.epoch())
        loss, _ = trainer._losses(batch, [(0, 0), (0, 20)])
        torch.autograd.backward(loss)
        gradients.append(
            torch.cat([p.grad.flatten() for p in trainer.trained if p.grad is not None])
        )
    deaf, hearing = gradients
    assert float((hearing - deaf).norm()) > 0.01 * float(deaf.norm())


def test_an_interrupted_run_goes_on_and_what_it_leaves_can_be_published(
    corpus: Corpus, tmp_path: Path, states: dict[str, Path]
) -> None:
    folder = tmp_path / "joint"
    first = joint(corpus, folder, states)
    first.train_step(next(first.source.epoch()))
    first.save()
    for path in states.values():
        if "recognizer" not in str(path):
            path.unlink()  # no longer needed
    again = joint(corpus, folder, states)
    assert again.step == 1
    for name in ("decoder", "spectral", "mel"):
        assert again.evaluate()[name] == pytest.approx(first.evaluate()[name], rel=0.01)
    again.train_step(next(again.source.epoch()))
    again.save()
    assert required_state(folder / "acoustic.pt")["step"] == 2
    publish("rain", folder / "acoustic.pt", folder / "vocoder.pt", corpus, tmp_path / "rain")
    assert (tmp_path / "rain/voices/rain/voc/config.yaml").is_file()


def test_a_run_ends_with_the_clock(corpus: Corpus, tmp_path: Path, states: dict[str, Path]) -> None:
    trainer = JointTrainer(corpus, tmp_path, JointPlan(0.01, crops=2, crop_frames=16), **states)
    lines: list[str] = []
    train(trainer, lines.append)
    assert "end, held out" in lines[-1]
    assert (tmp_path / "state.pt").is_file()


def test_states_that_will_not_do_are_named(
    corpus: Corpus, tmp_path: Path, states: dict[str, Path]
) -> None:
    nowhere = {**states, "vocoder": tmp_path / "nowhere.pt"}
    with pytest.raises(CheckpointError, match=r"nowhere\.pt"):
        joint(corpus, tmp_path / "joint", nowhere)
