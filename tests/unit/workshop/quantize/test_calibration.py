"""What quantisation learns ranges from: all that a voice may be asked to say, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest

from tts_daemon.text.symbols import ARPABET
from tts_daemon.workshop.measure.graph_player import SentenceInputs, SentenceRendering
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize import calibration
from tts_daemon.workshop.quantize.calibration import RUNS, VOCODER_FRAMES, Recorder


def english_phones(voice: TorchVoice, text: str) -> set[str]:
    names = voice.tables["sy"]
    return {
        names[row[0]]
        for sentence in calibration.sentences(voice, [text])
        for row in sentence.symbols
        if names[row[0]] in ARPABET
    }


def test_english_is_read_as_the_voice_will_read_it(voice: TorchVoice) -> None:
    text = "打开Bluetooth"
    assert english_phones(voice, text)
    chinese = replace(voice, notes=replace(voice.notes, untrained=tuple(sorted(ARPABET))))
    assert not english_phones(chinese, text)
    some = replace(voice, notes=replace(voice.notes, untrained=("zh",)))
    assert not english_phones(some, text)


def test_texts_without_anything_to_say_are_passed_over(voice: TorchVoice) -> None:
    assert len(list(calibration.sentences(voice, ["你好", "", "——", "再见"]))) == 2


def test_a_voice_without_an_emotion_for_breaks_keeps_that_of_the_phones(voice: TorchVoice) -> None:
    plain = replace(voice, notes=replace(voice.notes, break_emotion=None, emotions=("happy",)))
    (sentence,) = calibration.sentences(plain, ["你好"])
    happy = voice.tables["emo_category"].index("emotion_happy")
    assert (sentence.emotion.argmax(axis=1) == happy).all()
    assert (sentence.emotion.sum(axis=1) == 1).all()


class TestRecorder:
    def test_graphs_that_run_once_a_sentence_are_kept_whole(self) -> None:
        recorder = Recorder({})
        for number in range(700):
            recorder("memory", {"memory": np.full(1, number)})
        assert len(recorder.feeds["memory"]) == 700

    @pytest.mark.parametrize("runs", [10, RUNS["decoder"], 3 * RUNS["decoder"]])
    def test_steps_are_kept_from_everywhere(self, runs: int) -> None:
        recorder = Recorder({"decoder": runs})
        for number in range(runs):
            recorder("decoder", {"step": np.full(1, number)})
        kept = [int(feeds["step"][0]) for feeds in recorder.feeds["decoder"]]
        assert len(kept) == min(runs, RUNS["decoder"])
        assert kept == list(range(0, runs, max(1, runs // RUNS["decoder"])))

    def test_inputs_are_kept_as_they_were(self) -> None:
        recorder = Recorder({})
        feeds = {"memory": np.zeros(1)}
        recorder("memory", feeds)
        feeds["memory"] = np.ones(1)
        assert recorder.feeds["memory"][0]["memory"] == 0

    def test_the_vocoder_is_given_pieces_instead(self) -> None:
        recorder = Recorder({})
        recorder("vocoder", {"mel": np.zeros(1)})
        assert recorder.feeds == {}


class Long:
    """A player whose sentences are as long as they are told to be, each frame with its number."""

    lengths: tuple[int, ...] = (200, 200, 200, 20, 0)

    def __init__(self, *_: object, **__: object) -> None:
        self._left = list(self.lengths)

    def acoustic(self, _spoken: SentenceInputs) -> SentenceRendering:
        frames = np.arange(self._left.pop(0), dtype=np.float32)[:, None]
        nothing = np.zeros(0, np.float32)
        return SentenceRendering(nothing, nothing, nothing, frames, nothing)

    def vocoder_feeds(self, frames: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> object:
        return {"mel": frames[:, 0]}


def test_the_vocoder_hears_beginnings_ends_and_middles(
    voice: TorchVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "GraphPlayer", Long)
    sentence = SentenceInputs(np.zeros((3, 4), np.int64), np.zeros((3, 1)), np.zeros((3, 1)))
    pieces = calibration.record(voice, {}, [sentence] * len(Long.lengths))["vocoder"]
    starts = [int(piece["mel"][0]) for piece in pieces]
    assert [len(piece["mel"]) for piece in pieces] == [VOCODER_FRAMES] * 3 + [20]
    assert starts[0] == 0
    assert starts[1] == 200 - VOCODER_FRAMES
    assert 0 <= starts[2] <= 200 - VOCODER_FRAMES
    assert starts[3] == 0


def test_what_is_recorded_is_what_the_graph_was_given(
    voice: TorchVoice, graphs: dict[str, onnx.ModelProto], spoken: SentenceInputs
) -> None:
    feeds = calibration.record(voice, graphs, [spoken])
    (encoder,) = feeds["encoder"]
    np.testing.assert_array_equal(encoder["symbols"][0], spoken.symbols)
    np.testing.assert_array_equal(encoder["emotion"][0], spoken.emotion)
    # One call of the duration predictor for each symbol.
    assert len(feeds["duration"]) == len(spoken.symbols)
