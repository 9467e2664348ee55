"""The recogniser of phones: it learns, goes on after an interruption, and hears differences."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.training.corpus import tables
from tts_daemon.workshop.training.corpus.corpus import Corpus
from tts_daemon.workshop.training.loop import train
from tts_daemon.workshop.training.schedule import TimeBudget
from tts_daemon.workshop.training.vocoder.recognizer import (
    SILENCE,
    Recognizer,
    RecognizerPlan,
    RecognizerTrainer,
    disturbed,
    load_recognizer,
    phones_of,
)

ONE_HOUR = 60.0


def trainer(corpus: Corpus, folder: Path) -> RecognizerTrainer:
    torch.set_num_threads(1)
    made = RecognizerTrainer(corpus, folder, RecognizerPlan(ONE_HOUR, crops=2, crop_frames=32))
    made.clock = TimeBudget(ONE_HOUR, done=0.05)
    return made


def test_frames_have_the_phone_that_the_labels_say(corpus: Corpus) -> None:
    sentence = corpus.sentences[1]
    phones = phones_of(corpus)[sentence.offset : sentence.offset + sentence.label.frames]
    expected = np.repeat(sentence.label.sy, sentence.label.durations)
    names = [*tables.SY, "#"]
    assert [names[phone] for phone in phones] == [
        "#" if name.startswith("#") else name for name in expected
    ]
    assert phones[-1] == SILENCE


def test_it_learns_and_an_interrupted_run_goes_on(corpus: Corpus, tmp_path: Path) -> None:
    first = trainer(corpus, tmp_path)
    waves, phones = first.draw()
    assert waves.shape == (2, 32 * 200)
    assert phones.shape == (2, 32)
    losses = [first.train_step((waves, phones))["loss"] for _ in range(20)]
    assert losses[-1] < 0.7 * losses[0]
    assert 0.0 <= first.evaluate()["wrong"] <= 1.0
    first.save()
    again = trainer(corpus, tmp_path)
    assert again.step == 20
    assert again.train_step((waves, phones))["loss"] < 0.8 * losses[0]


def test_a_run_ends_with_the_clock_and_says_how_good_it_is(corpus: Corpus, tmp_path: Path) -> None:
    lines: list[str] = []
    short = RecognizerTrainer(corpus, tmp_path, RecognizerPlan(0.01, crops=2, crop_frames=32))
    train(short, lines.append)
    assert "held out" in lines[-1]
    assert "wrong" in lines[-1]
    assert load_recognizer(tmp_path / "state.pt").last.weight.requires_grad is False


def test_it_hears_nothing_between_equals_and_something_between_others(corpus: Corpus) -> None:
    recognizer = Recognizer().eval().requires_grad_(False)
    wave = torch.from_numpy(corpus.waves[: 40 * 200].astype(np.float32) / 32767)[None]
    distance, divergence = recognizer.compare(wave, wave)
    assert float(distance) == 0.0
    assert float(divergence) == pytest.approx(0.0, abs=1e-6)
    distance, divergence = recognizer.compare(torch.zeros_like(wave), wave)
    assert float(distance) > 0.01
    assert float(divergence) > 1e-6
    assert recognizer(wave).shape == (1, SILENCE + 1, 40)


def test_a_disturbed_recording_is_the_same_speech_with_noise() -> None:
    torch.manual_seed(0)
    wave = 0.1 * torch.sin(2 * torch.pi * 500 * torch.arange(16000) / 16000).repeat(4, 1)
    heard = disturbed(wave)
    assert heard.shape == wave.shape
    assert torch.fft.rfft(heard).abs().argmax(1).tolist() == [500] * 4
    assert not torch.equal(heard[0], heard[1])


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere\.pt"):
        load_recognizer(tmp_path / "nowhere.pt")
