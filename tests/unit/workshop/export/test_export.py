"""The exported graphs against the torch models, for every published variant."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx
import pytest
import torch

from tts_daemon.workshop.checkpoints.symbols import encode_line, published_tables
from tts_daemon.workshop.export import export_graphs
from tts_daemon.workshop.measure.graph_player import GraphPlayer, SentenceInputs, sentence
from tts_daemon.workshop.measure.parity_engines import graphs_engine, render, torch_engine
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams
from tts_daemon.workshop.models.sambert import Sambert, SambertConfig, TableSizes
from tts_daemon.workshop.models.voice import F0Normalization, TorchVoice

LINE = " ".join(
    f"{{{symbol}$emotion_happy$M7}}"
    for symbol in (
        "n_c$tone2$s_begin$word_begin",
        "i_c$tone2$s_end$word_middle",
        "h_c$tone3$s_begin$word_middle",
        "ao_c$tone3$s_end$word_end",
        "#4$tone_none$s_none$word_none",
    )
)


@dataclass(frozen=True)
class Variant:
    vocoder: Mapping[str, object]
    acoustic: Mapping[str, object]
    mask: bool = True


SILENT = {"harmonics": 0, "sample_rate": 0}
PLAIN = {"num_mels": 80}
K10 = {"upsample_kernels": (20, 10, 4, 4)}
BANDS = {"out_channels": 4, "upsample_scales": (5, 5, 2), **SILENT}
VARIANTS = {
    "excitation": Variant({}, {}),
    "causal, excitation, no mask": Variant({"causal": True, **K10}, {}, mask=False),
    "no excitation": Variant(SILENT, PLAIN),
    "causal, no excitation": Variant({"causal": True, **K10, **SILENT}, PLAIN),
    "a kernel that makes one sample too many": Variant({**K10, **SILENT}, PLAIN),
    "four bands": Variant({"upsample_kernels": (10, 11, 4), **BANDS}, PLAIN),
    "four bands, causal": Variant(
        {"upsample_kernels": (10, 10, 4), "causal": True, **BANDS}, PLAIN
    ),
    "not autoregressive": Variant({}, {"autoregressive": False}),
    "postnet without look-ahead": Variant({}, {"postnet_shift": 3}),
    "residuals around every memory": Variant({}, {"postnet_num_memory_units": 82}),
    "one decoder layer": Variant({}, {"decoder_num_layers": 1, "postnet_fsmn_num_layers": 1}),
}


@pytest.fixture(params=list(VARIANTS.values()), ids=list(VARIANTS))
def variant(request: pytest.FixtureRequest, voice: TorchVoice) -> TorchVoice:
    """The tiny voice with some sizes changed, three speakers and fresh weights."""
    wanted: Variant = request.param
    tables = published_tables(["F7", "F74", "M7"], wanted.mask)
    sizes = TableSizes(*(len(names) for names in tables.values()))
    torch.manual_seed(2)
    config: SambertConfig = replace(voice.acoustic.config, tables=sizes, **wanted.acoustic)  # type: ignore[arg-type]
    params: GeneratorParams = replace(voice.vocoder.params, **wanted.vocoder)  # type: ignore[arg-type]
    acoustic, vocoder = Sambert(config).eval(), Generator(params).fuse_weight_norm().eval()
    with torch.no_grad():
        acoustic.variance_adaptor.duration_predictor.fc.bias.fill_(1.8)
    f0 = F0Normalization("mean_std", 50.0, 200.0) if params.harmonics else None
    speakers = acoustic.spk_tokenizer.weight.detach().numpy()
    return replace(
        voice,
        acoustic=acoustic,
        vocoder=vocoder,
        tables=tables,
        speaker_table=speakers,
        f0=f0,
        hop_length=params.hop_length,
    )


def test_graphs_compute_what_torch_computes(variant: TorchVoice) -> None:
    spoken = sentence(variant, encode_line(LINE, variant.tables))
    wanted = render(variant, torch_engine(variant), spoken)
    made = render(variant, graphs_engine(variant, export_graphs(variant)), spoken)
    for stage in ("durations", "pitch", "energy", "frames", "waveform"):
        ours, theirs = getattr(made, stage), getattr(wanted, stage)
        assert ours.shape == theirs.shape, stage
        assert np.allclose(ours, theirs, atol=2e-5), stage


def test_nodes_bear_the_names_of_the_checkpoint(graphs: dict[str, onnx.ModelProto]) -> None:
    names = {node.name for node in graphs["decoder"].graph.node}
    assert {"pnca.0.pos_ffn.w_1", "pnca.1.pnca_attn.w_x_qkv", "dec_out_proj"} <= names
    assert "conv_blocks.0.convs1.1" in {node.name for node in graphs["vocoder"].graph.node}


def test_the_vocoder_has_no_transposed_convolution(graphs: dict[str, onnx.ModelProto]) -> None:
    assert "ConvTranspose" not in {node.op_type for node in graphs["vocoder"].graph.node}


def test_export_is_reproducible(voice: TorchVoice, graphs: dict[str, onnx.ModelProto]) -> None:
    again = export_graphs(voice)
    assert {name: again[name].SerializeToString() for name in again} == {
        name: graphs[name].SerializeToString() for name in graphs
    }


def test_a_sentence_without_duration_is_silent(
    voice: TorchVoice, graphs: dict[str, onnx.ModelProto], spoken: SentenceInputs
) -> None:
    player = GraphPlayer(voice, graphs)
    made = player.render(spoken, durations=np.zeros(len(spoken.symbols), np.float32))
    assert made.frames.shape == (0, 82)
    assert made.waveform.shape == (0,)
