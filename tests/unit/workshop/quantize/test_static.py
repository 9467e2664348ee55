"""Calibration, static INT8, and what it costs in quality."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tts_daemon.errors import CheckpointError, VoiceError
from tts_daemon.workshop.export.int8_products import int8_products
from tts_daemon.workshop.measure import quality
from tts_daemon.workshop.measure.graph_player import Feeds, GraphPlayer, SentenceInputs
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize import calibration
from tts_daemon.workshop.quantize.noise import MAIN_OUTPUTS
from tts_daemon.workshop.quantize.static import (
    StaticOptions,
    check_weights,
    quantize,
    quantized_nodes,
)

TEXTS = ("你好，世界", "今天的气温是二十六点五摄氏度", "真的吗？", "他昨天去了北京")


@pytest.fixture(scope="module")
def spoken(voice: TorchVoice) -> list[SentenceInputs]:
    return list(calibration.sentences(voice, TEXTS))


@pytest.fixture(scope="module")
def feeds(
    voice: TorchVoice, graphs: dict[str, onnx.ModelProto], spoken: Sequence[SentenceInputs]
) -> dict[str, list[Feeds]]:
    return calibration.record(voice, graphs, spoken)


class TestTexts:
    def test_the_shipped_list(self) -> None:
        texts = calibration.read_texts()
        lengths = [len(text) for text in texts]
        assert len(set(texts)) >= 120
        assert min(lengths) == 1
        assert 100 <= max(lengths) <= 120

    def test_a_list_of_ones_own(self, tmp_path: Path) -> None:
        file = tmp_path / "texts.txt"
        file.write_text("# mine\n\n你好\n 再见 \n")
        assert calibration.read_texts(file) == ["你好", "再见"]

    @pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe\x00"])
    def test_a_list_of_nothing(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "texts.txt"
        file.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"texts\.txt"):
            calibration.read_texts(file)


def test_emotions_take_turns_and_breaks_have_their_own(voice: TorchVoice) -> None:
    names = voice.tables["emo_category"]
    texts = ["好"] * len(voice.notes.emotions)
    heard = []
    for sentence in calibration.sentences(voice, texts):
        rows = sentence.emotion.argmax(axis=1)
        heard.append(names[rows[0]].removeprefix("emotion_"))
        assert names[rows[-1]] == "emotion_none"  # the break at the end
    assert tuple(heard) == voice.notes.emotions


def test_every_graph_has_real_inputs(feeds: dict[str, list[Feeds]], voice: TorchVoice) -> None:
    assert {name: len(runs) > 0 for name, runs in feeds.items()} == dict.fromkeys(
        (
            *("encoder", "variance", "duration", "memory", "decoder"),
            *("postnet_fsmn", "postnet_lstm", "vocoder"),
        ),
        True,
    )
    # Steps see the frames that the steps before them made, not zeros.
    assert any(np.abs(run["previous_frames"]).max() > 0 for run in feeds["decoder"])
    assert all(run["mel"].shape[2] <= calibration.VOCODER_FRAMES for run in feeds["vocoder"])


@pytest.mark.parametrize("graph", ["encoder", "memory", "decoder", "postnet_fsmn", "vocoder"])
def test_int8_is_close_to_fp32(
    graph: str, voice: TorchVoice, graphs: dict[str, onnx.ModelProto], feeds: dict[str, list[Feeds]]
) -> None:
    quantized = quantize(graphs[graph], feeds[graph])
    kinds = {item.data_type for item in quantized.graph.initializer}
    assert onnx.TensorProto.INT8 in kinds
    players = [GraphPlayer(voice, {graph: model}) for model in (graphs[graph], quantized)]
    output = MAIN_OUTPUTS[graph]
    exact, made = (
        np.concatenate([player.run(graph, **run)[output].ravel() for run in feeds[graph]])
        for player in players
    )
    noise = np.square(made - exact).sum()
    # Measured: 28 dB (vocoder) to 42 dB (memory).
    assert 0 < noise < np.square(exact).sum() * 10**-2.2


def test_no_weight_is_below_minus_127(
    graphs: dict[str, onnx.ModelProto], feeds: dict[str, list[Feeds]]
) -> None:
    quantized = quantize(graphs["decoder"], feeds["decoder"])
    weights = [
        numpy_helper.to_array(item)
        for item in quantized.graph.initializer
        if item.data_type == onnx.TensorProto.INT8
    ]
    assert min(weight.min() for weight in weights) == -127
    # Per channel: every output row of a matrix uses the whole range.
    gemm = next(w for w in weights if w.ndim == 2 and w.shape[1] == 16)
    assert (np.abs(gemm.astype(int)).max(axis=0) == 127).all()


def test_a_weight_of_minus_128_is_refused(graphs: dict[str, onnx.ModelProto]) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(graphs["memory"])
    weight = np.array([[5, -128]], np.int8)
    model.graph.initializer.append(numpy_helper.from_array(weight, "some.weight"))
    with pytest.raises(VoiceError, match=r"some\.weight: weight -128"):
        check_weights(model)


def test_excluded_nodes_stay_fp32(
    graphs: dict[str, onnx.ModelProto], feeds: dict[str, list[Feeds]]
) -> None:
    nodes = quantized_nodes(graphs["decoder"])
    excluded = tuple(name for name in nodes if "pos_ffn" in name)
    assert 0 < len(excluded) < len(nodes)
    quantized = quantize(graphs["decoder"], feeds["decoder"], StaticOptions(exclude=excluded))
    constants = {item.name: item.data_type for item in quantized.graph.initializer}
    for name in nodes:
        kind = constants.get(f"{name}.weight")
        assert (kind == onnx.TensorProto.FLOAT) == (name in excluded), name


@pytest.mark.parametrize("graph", ["encoder", "variance", "memory", "decoder", "postnet_fsmn"])
def test_products_as_one_node_make_the_same_numbers(
    graph: str, voice: TorchVoice, graphs: dict[str, onnx.ModelProto], feeds: dict[str, list[Feeds]]
) -> None:
    first = quantized_nodes(graphs[graph])[0]
    quantized = quantize(graphs[graph], feeds[graph], StaticOptions(exclude=(first,)))
    rewritten = int8_products(quantized)
    kinds = {node.name: node.op_type for node in rewritten.graph.node}
    products = {node.name for node in quantized.graph.node if node.op_type == "Gemm"} - {first}
    assert products
    assert {kinds[name] for name in products} == {"MatMulIntegerToFloat"}
    assert kinds[first] in ("Gemm", "Conv")
    run, output = feeds[graph][-1], MAIN_OUTPUTS[graph]
    before, after = (
        GraphPlayer(voice, {graph: model}).run(graph, **run)[output]
        for model in (quantized, rewritten)
    )
    # A sum that falls on the border of two steps may be rounded to either.
    assert np.square(after - before).sum() < np.square(before).sum() * 1e-5


def test_a_graph_without_int8_products_stays_as_it_is(graphs: dict[str, onnx.ModelProto]) -> None:
    assert int8_products(graphs["decoder"]) is graphs["decoder"]


def test_the_fp32_graph_is_left_alone(
    graphs: dict[str, onnx.ModelProto], feeds: dict[str, list[Feeds]]
) -> None:
    before = graphs["memory"].SerializeToString()
    quantize(graphs["memory"], feeds["memory"])
    assert graphs["memory"].SerializeToString() == before


class TestQuality:
    def test_of_the_same_graphs(
        self,
        voice: TorchVoice,
        graphs: dict[str, onnx.ModelProto],
        spoken: Sequence[SentenceInputs],
    ) -> None:
        figures = quality.measure(voice, graphs, graphs, spoken[:2])
        assert figures.graph_snr_db == {}
        assert (figures.mel_distance_db, figures.duration_error, figures.f0_error_hz) == (0, 0, 0)
        assert figures.emotion_kept == pytest.approx(1)
        assert figures.below_target() == []

    def test_of_int8(
        self,
        voice: TorchVoice,
        graphs: dict[str, onnx.ModelProto],
        feeds: dict[str, list[Feeds]],
        spoken: Sequence[SentenceInputs],
    ) -> None:
        names = ("decoder", "vocoder")
        quantized = graphs | {name: quantize(graphs[name], feeds[name]) for name in names}
        figures = quality.measure(voice, graphs, quantized, spoken[:2])
        assert set(figures.graph_snr_db) == set(names)
        assert all(20 < value < 60 for value in figures.graph_snr_db.values())
        assert 0 < figures.mel_distance_db < 3
        assert figures.emotion_kept == pytest.approx(1, abs=0.2)

    def test_an_emotion_that_got_lost(
        self,
        voice: TorchVoice,
        graphs: dict[str, onnx.ModelProto],
        spoken: Sequence[SentenceInputs],
    ) -> None:
        deaf = onnx.ModelProto()
        deaf.CopyFrom(graphs["encoder"])
        (table,) = [i for i in deaf.graph.initializer if i.name == "emo_tokenizer.weight"]
        table.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(table) * 0, table.name))
        figures = quality.measure(voice, graphs, graphs | {"encoder": deaf}, spoken[:1])
        assert figures.emotion_kept == pytest.approx(0, abs=0.01)
        with pytest.raises(VoiceError, match="less than 70% of an emotion kept"):
            quality.check(figures, lambda _line: None)

    def test_of_a_spoilt_voice(
        self,
        voice: TorchVoice,
        graphs: dict[str, onnx.ModelProto],
        spoken: Sequence[SentenceInputs],
    ) -> None:
        spoilt = onnx.ModelProto()
        spoilt.CopyFrom(graphs["vocoder"])
        for item in spoilt.graph.initializer:
            if item.name == "conv_pre.weight":
                item.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(item) * 0, item.name))
        figures = quality.measure(voice, graphs, graphs | {"vocoder": spoilt}, spoken[:1])
        said: list[str] = []
        with pytest.raises(VoiceError, match=r"vocoder SNR below .*--force"):
            quality.check(figures, said.append)
        quality.check(figures, said.append, force=True)
        assert any("vocoder" in line for line in said)
