"""The corpus cache and what is made of it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.training.acoustic.data import ItemSource, Moments, make_item, per_symbol
from tts_daemon.workshop.training.corpus import corpus as corpora
from tts_daemon.workshop.training.corpus.corpus import Corpus, colour
from tts_daemon.workshop.training.corpus.features import MelScale
from tts_daemon.workshop.training.vocoder.data import CropSource


def test_waves_mels_and_f0_lie_side_by_side(corpus: Corpus) -> None:
    assert len(corpus.waves) == 200 * len(corpus.mels) == 200 * len(corpus.f0)
    for sentence in corpus.sentences:
        voiced = corpus.f0[sentence.offset : sentence.offset + sentence.label.frames] > 100
        samples = corpus.waves[sentence.offset * 200 :][: sentence.label.frames * 200]
        level = np.abs(samples.reshape(-1, 200).astype(float)).mean(axis=1)
        assert level[voiced].min() > 5 * level[~voiced].max()


def test_a_cache_that_was_not_built_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="scripts/train-voice"):
        corpora.load(tmp_path)


def test_recordings_of_another_rate_are_resampled(source: Path, tmp_path: Path) -> None:
    before, _ = soundfile.read(source / "0.flac", dtype="float32")
    for number in range(4):
        samples, _ = soundfile.read(source / f"{number}.flac", dtype="float32")
        soundfile.write(source / f"{number}.flac", soxr.resample(samples, 16000, 24000), 24000)
    corpora.build([source], tmp_path / "cache", lambda _text: None, lambda _line: None)
    waves = corpora.load(tmp_path / "cache").waves[2 * 200 :][: len(before)] / 32767.0
    assert np.corrcoef(waves, before)[0, 1] > 0.99


def test_a_scale_of_an_earlier_cache_is_kept(source: Path, tmp_path: Path) -> None:
    scale = MelScale(np.full(80, -3.0, np.float32), np.full(80, 2.0, np.float32))
    corpora.build([source], tmp_path / "cache", lambda _text: None, lambda _line: None, scale)
    kept = corpora.load(tmp_path / "cache").scale
    assert kept.mean.tolist() == scale.mean.tolist()
    assert kept.std.tolist() == scale.std.tolist()


def test_emotions_differ_in_loudness_and_brightness() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)

    def level_db(waveform: np.ndarray) -> float:
        return float(10 * np.log10(np.mean(waveform**2)))

    def brightness(waveform: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(waveform)) ** 2
        return float(power[4000:].sum() / power[:4000].sum())

    plain, angry, sad = (colour(noise, name) for name in ("neutral", "angry", "sad"))
    assert np.array_equal(plain, noise)
    assert level_db(angry) - level_db(plain) == pytest.approx(3.0, abs=0.1)
    assert level_db(sad) - level_db(plain) == pytest.approx(-3.0, abs=0.1)
    assert brightness(angry) > brightness(plain) > brightness(sad)


def test_an_item_has_a_value_per_symbol_and_per_frame(corpus: Corpus) -> None:
    item = make_item(corpus, corpus.sentences[1])
    assert item.symbols.shape == (len(item.durations), 4)
    assert item.frames.shape == (item.durations.sum(), 82)
    # The angry one hums at 300 Hz, on all its voiced frames.
    assert item.pitch[1] == pytest.approx(np.log2(300), abs=1e-3)
    assert item.frames[10, 80] == pytest.approx((300 - 30) / 700, abs=1e-3)
    # 2 = angry on phones, 0 = none on the break.
    assert item.emotion.tolist() == [2, 2, 2, 2, 0]


def test_a_symbol_without_frames_takes_the_value_where_it_stands() -> None:
    values = np.array([1, 3, 5, 7], np.float32)
    assert per_symbol(values, np.array([2, 0, 2, 0])).tolist() == [2, 5, 6, 7]


def test_every_sentence_comes_once_an_epoch_and_batches_are_bounded(corpus: Corpus) -> None:
    items = [make_item(corpus, sentence) for sentence in corpus.sentences] * 3
    source = ItemSource(items, Moments(7.0, 1.0), Moments(0.0, 1.0), batch_frames=150)
    batches = list(source.epoch())
    assert sum(len(batch.lengths) for batch in batches) == 12
    assert all(batch.frames.shape[0] * batch.frames.shape[1] <= 150 for batch in batches)
    for batch in batches:
        assert batch.durations.sum(dim=1).max() == batch.frames.shape[1]


def test_crops_agree_with_themselves(corpus: Corpus) -> None:
    crops = CropSource(corpus, corpus.sentences, seed=1).draw(6, 12)
    assert crops.mel.shape == (6, 80, 12)
    assert crops.waveform.shape == (6, 2400)
    level = crops.waveform.reshape(6, 12, 200).abs().mean(dim=2)
    assert float(level[crops.voiced == 1].min()) > 5 * float(level[crops.voiced == 0].median())
