"""Mixed precision: noise is measured, and the worst nodes go back to FP32."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tts_daemon.errors import VoiceError
from tts_daemon.workshop.measure.graph_player import Feeds, GraphPlayer
from tts_daemon.workshop.models.sambert import Sambert, TableSizes
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize import calibration
from tts_daemon.workshop.quantize import dynamic as quantize_dynamic
from tts_daemon.workshop.quantize.lstm import lstm_nodes, quantize_lstms
from tts_daemon.workshop.quantize.noise import NoiseMeter, Target
from tts_daemon.workshop.quantize.precision import Calibrated, Wishes, quantize_statically
from tts_daemon.workshop.quantize.search import NodeNoise, cheapest, search, work_shares
from tts_daemon.workshop.quantize.static import StaticQuantizer, quantized_nodes

Graphs = dict[str, onnx.ModelProto]
TEXTS = ("你好，世界", "今天的气温是二十六点五摄氏度", "真的吗？")


@pytest.fixture(scope="module")
def feeds(voice: TorchVoice, graphs: Graphs) -> dict[str, list[Feeds]]:
    return calibration.record(voice, graphs, list(calibration.sentences(voice, TEXTS)))


def quiet(_line: str) -> None:
    """A report that nobody reads."""


def item(node: str, work: float, *excess: float) -> NodeNoise:
    return NodeNoise(node, excess, work)


class TestCheapest:
    def names(self, *noises: NodeNoise) -> set[str]:
        return {noise.node for noise in cheapest(noises)}

    def test_nothing_is_kept_where_all_fits(self) -> None:
        assert self.names(item("a", 0.5, 0.4), item("b", 0.5, 0.5)) == set()

    def test_the_noisy_and_cheap_goes_first(self) -> None:
        noises = (item("cheap", 0.01, 0.9), item("dear", 0.9, 0.9), item("calm", 0.09, 0.05))
        assert self.names(*noises) == {"cheap"}

    def test_what_turns_out_superfluous_stays_int8(self) -> None:
        # `small` is worth most for its work, but once `large` has to go as well it need not.
        noises = (item("small", 0.01, 0.2), item("large", 0.5, 3.0), item("rest", 0.49, 0.5))
        assert self.names(*noises) == {"large"}

    def test_every_criterion_counts(self) -> None:
        noises = (item("a", 0.5, 0.1, 2.0), item("b", 0.5, 0.1, 0.1))
        assert self.names(*noises) == {"a"}


def test_noises_add_up(voice: TorchVoice, graphs: Graphs, feeds: dict[str, list[Feeds]]) -> None:
    quantizer = StaticQuantizer(graphs["postnet_fsmn"], feeds["postnet_fsmn"])
    meter = NoiseMeter(
        voice, "postnet_fsmn", graphs["postnet_fsmn"], feeds["postnet_fsmn"], Target(0.0)
    )
    together = meter.excess(quantizer.build())[0]
    alone = sum(meter.excess(quantizer.build(only=[node]))[0] for node in quantizer.nodes)
    assert abs(10 * math.log10(together / alone)) < 1.5


def test_pauses_are_looked_at(voice: TorchVoice, graphs: Graphs) -> None:
    loud = np.zeros((1, 80, 24), np.float32)
    loud[:, :, 12:] = np.random.default_rng(0).normal(size=(1, 80, 12)) * 3
    source = np.zeros((1, 8, 24 * 200), np.float32)
    runs: list[Feeds] = [{"mel": loud, "source": source}]
    model = graphs["vocoder"]

    # A random voice is never quiet.
    meter = NoiseMeter(voice, "vocoder", model, runs, Target(20.0, quiet_db=-40.0))
    assert meter.noise_db(model)[1] is None
    assert len(meter.excess(model)) == 1
    silent = onnx.ModelProto()
    silent.CopyFrom(model)
    for constant in silent.graph.initializer:
        if constant.name.endswith("bias"):
            zeros = numpy_helper.to_array(constant) * 0
            constant.CopyFrom(numpy_helper.from_array(zeros, constant.name))
    heard = NoiseMeter(voice, "vocoder", silent, runs, Target(20.0, quiet_db=-40.0))
    assert len(heard.excess(silent)) == 2
    assert max(heard.excess(silent)) == pytest.approx(0)
    unheard = NoiseMeter(voice, "vocoder", silent, runs, Target(20.0))
    assert len(unheard.excess(silent)) == 1


class TestSearch:
    def test_a_modest_target_keeps_nothing(
        self, voice: TorchVoice, graphs: Graphs, feeds: dict[str, list[Feeds]]
    ) -> None:
        found = search(voice, "memory", graphs["memory"], feeds["memory"], target=Target(20.0))
        assert found.kept == ()

    def test_a_high_target_is_reached(
        self, voice: TorchVoice, graphs: Graphs, feeds: dict[str, list[Feeds]]
    ) -> None:
        model, runs = graphs["postnet_fsmn"], feeds["postnet_fsmn"]
        target = Target(43.0)
        meter = NoiseMeter(voice, "postnet_fsmn", model, runs, target)
        nodes = quantized_nodes(model)
        assert max(meter.excess(StaticQuantizer(model, runs).build())) > 1
        said: list[str] = []
        found = search(voice, "postnet_fsmn", model, runs, target=target, report=said.append)
        assert max(meter.excess(found.model)) <= 1
        assert 0 < len(found.kept) < len(nodes)
        assert all(kept.node in nodes for kept in found.kept)
        assert "measuring" in said[0]

    def test_an_impossible_target_ends_in_fp32(
        self, voice: TorchVoice, graphs: Graphs, feeds: dict[str, list[Feeds]]
    ) -> None:
        model, runs = graphs["memory"], feeds["memory"]
        found = search(voice, "memory", model, runs, target=Target(200.0))
        assert found.model is model
        assert len(found.kept) == len(quantized_nodes(model))


def test_work_is_counted(graphs: Graphs, feeds: dict[str, list[Feeds]]) -> None:
    model = graphs["vocoder"]
    shares = work_shares(model, feeds["vocoder"][0], quantized_nodes(model))
    assert sum(shares.values()) == pytest.approx(1)
    # Both at the last rate: 3 taps from 1 channel to 1, and 3 taps (twice) from 2 channels to 1.
    assert shares["conv_post"] == pytest.approx(shares["conv_blocks.3.convs1.0"])
    assert shares["conv_pre"] > shares["source_downs.3"]


class TestLstm:
    def test_int8_is_close(
        self, voice: TorchVoice, graphs: Graphs, feeds: dict[str, list[Feeds]]
    ) -> None:
        model = graphs["encoder"]
        quantized = quantize_lstms(model)
        assert lstm_nodes(quantized) == []
        players = [GraphPlayer(voice, {"encoder": graph}) for graph in (model, quantized)]
        for output in ("pitch", "energy"):
            exact, made = (
                np.concatenate([player.run("encoder", **r)[output][0] for r in feeds["encoder"]])
                for player in players
            )
            # Measured: 45 dB and more.
            noise = np.square(made - exact).mean()
            assert 0 < noise < np.square(exact).mean() * 1e-3

    def test_some_may_stay(self, graphs: Graphs) -> None:
        kept = quantize_lstms(graphs["encoder"], exclude=["pitch_predictor.blstm"])
        assert lstm_nodes(kept) == ["pitch_predictor.blstm"]

    def test_graphs_without_one_are_left_alone(self, graphs: Graphs) -> None:
        assert quantize_lstms(graphs["memory"]) is graphs["memory"]


def test_dynamic_needs_no_calibration(
    voice: TorchVoice, graphs: Graphs, feeds: dict[str, list[Feeds]]
) -> None:
    for name in ("decoder", "duration"):
        quantized = quantize_dynamic.quantize(graphs[name])
        meter = NoiseMeter(voice, name, graphs[name], feeds[name], Target(30.0))
        assert 0 < meter.excess(quantized)[0] < 1
    # Its convolutions would be slower than FP32.
    vocoder = quantize_dynamic.quantize(graphs["vocoder"])
    assert {n.op_type for n in vocoder.graph.node} == {
        n.op_type for n in graphs["vocoder"].graph.node
    }


def test_dynamic_leaves_out_what_is_excluded(graphs: Graphs) -> None:
    kept = quantize_dynamic.quantize(graphs["decoder"], exclude=["pnca.0.pos_ffn.w_1"])
    kinds = {item.name: item.data_type for item in kept.graph.initializer}
    assert kinds["pnca.0.pos_ffn.w_1.weight"] == onnx.TensorProto.FLOAT
    assert kinds["pnca.1.pos_ffn.w_1.weight_quantized"] == onnx.TensorProto.INT8
    wishes = Wishes(exclude=("decoder", "encoder:pitch_predictor.blstm"))
    made = quantize_dynamic.quantize_all(graphs, wishes.exclude, wishes.excluded_nodes)
    assert made["decoder"] is graphs["decoder"]
    assert lstm_nodes(made["encoder"]) == ["pitch_predictor.blstm"]
    assert made["duration"] is not graphs["duration"]


def test_every_speaker_is_heard_in_every_emotion(voice: TorchVoice) -> None:
    tables = {**voice.tables, "speaker_category": ["F7", "F74", "M7", "_", "~", "@[MASK]"]}
    three = replace(
        voice,
        tables=tables,
        speaker_table=np.eye(6, dtype=np.float32),
        acoustic=Sambert(replace(voice.acoustic.config, tables=TableSizes(speaker=6))),
        notes=replace(voice.notes, emotions=("neutral", "happy", "sad")),
    )
    heard = {
        (int(spoken.speaker[0].argmax()), int(spoken.emotion[0].argmax()))
        for spoken in calibration.sentences(three, ["你好"] * 9)
    }
    assert len(heard) == 9
    assert {speaker for speaker, _ in heard} == {0, 1, 2}


class TestWholeVoice:
    @pytest.fixture
    def texts(self, tmp_path: Path) -> Path:
        file = tmp_path / "texts.txt"
        file.write_text("\n".join(TEXTS))
        return file

    def test_exclusions(self, voice: TorchVoice, graphs: Graphs, texts: Path) -> None:
        exclude = ("vocoder", "memory:pnca.w_h_kv", "postnet_lstm:lstm")
        wishes = Wishes(calibration=texts, exclude=exclude, search=False)
        calibrated = Calibrated(voice, graphs, wishes, quiet)
        made = quantize_statically(calibrated, wishes, quiet)
        assert made.models["vocoder"] is graphs["vocoder"]
        assert lstm_nodes(made.models["postnet_lstm"]) == ["lstm"]
        kinds = {item.name: item.data_type for item in made.models["memory"].graph.initializer}
        assert kinds["pnca.w_h_kv.weight"] == onnx.TensorProto.FLOAT
        assert made.precisions(graphs) == {
            **dict.fromkeys(graphs, "int8"),
            "duration": "fp32",
            "vocoder": "fp32",
        }

    @pytest.mark.parametrize("wrong", ["voc", "decoder:pnca.99.fc"])
    def test_mistaken_exclusions_are_named(
        self, voice: TorchVoice, graphs: Graphs, texts: Path, wrong: str
    ) -> None:
        wishes = Wishes(calibration=texts, exclude=(wrong,))
        calibrated = Calibrated(voice, graphs, wishes, quiet)
        with pytest.raises(VoiceError, match=rf"--exclude {wrong}: no such .*; there are"):
            quantize_statically(calibrated, wishes, quiet)

    def test_the_report_says_which_and_why(
        self, voice: TorchVoice, graphs: Graphs, texts: Path
    ) -> None:
        wishes = Wishes(calibration=texts, targets={"postnet_fsmn": Target(43.0)})
        calibrated = Calibrated(voice, graphs, wishes, quiet)
        made = quantize_statically(calibrated, wishes, quiet)
        nodes: Sequence[dict[str, object]] = made.details()["kept_in_fp32"]["postnet_fsmn"]
        assert {"node", "noise_of_allowed", "work"} == set(nodes[0])
