"""FX graph mode quantisation of single graphs."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import nn

from tts_daemon.errors import VoiceError
from tts_daemon.workshop.measure.graph_player import Feeds
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize.torchscript import fx as quantize_fx
from tts_daemon.workshop.quantize.torchscript.part import GraphPart
from tts_daemon.workshop.quantize.torchscript.parts import make_parts

BACKENDS = [
    name for name in quantize_fx.BACKENDS if name in torch.backends.quantized.supported_engines
]


@pytest.fixture(scope="module")
def parts(voice: TorchVoice) -> dict[str, GraphPart]:
    return make_parts(voice)


@pytest.fixture
def runs(voice: TorchVoice) -> list[Feeds]:
    random = np.random.default_rng(0)
    width = voice.acoustic.config.memory_units
    return [{"memory": random.normal(size=(1, 9, width)).astype(np.float32)} for _ in range(3)]


def int8_layers(part: GraphPart) -> set[str]:
    return {
        name
        for name, module in part.module.named_modules()
        if callable(getattr(module, "weight", None))
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_never_reach_the_lowest(
    parts: Mapping[str, GraphPart], runs: list[Feeds], backend: str
) -> None:
    part = parts["memory"]
    # torch's own choice of scale maps the lowest weight of this layer to -128.
    layer = part.module.get_submodule("decoder.pnca.0.pnca_attn.w_h_kv")
    assert isinstance(layer, nn.Linear)
    layer.weight.data[:, 0] = -layer.weight.data.abs().max() * 2
    made = quantize_fx.quantize(part, runs, backend)
    lowest = [
        int(weight().int_repr().min())
        for module in made.module.modules()
        if callable(weight := getattr(module, "weight", None))
    ]
    assert min(lowest) == -127


def test_a_weight_that_is_too_low_is_named() -> None:
    layer = torch.ao.nn.quantized.Linear(2, 2)
    with torch.no_grad():
        values = torch.tensor([[-128.0, 1.0], [1.0, 1.0]])
        layer.set_weight_bias(torch.quantize_per_tensor(values, 1.0, 0, torch.qint8), None)
    with pytest.raises(VoiceError, match="fc: a weight lies below -127"):
        quantize_fx.check_weights(nn.ModuleDict({"fc": layer}))


class TestExclusions:
    def test_layers_bear_the_names_of_the_onnx_nodes(self, parts: Mapping[str, GraphPart]) -> None:
        exclude = ["vocoder:conv_blocks.0.convs1.1", "vocoder:conv_pre", "encoder"]
        assert quantize_fx.excluded_modules(parts, exclude) == {
            "vocoder": ["generator.conv_blocks.0.convs1.1.conv1d", "generator.conv_pre.conv1d"],
            "encoder": [],
        }

    @pytest.mark.parametrize("wrong", ["voc", "decoder:pnca.99.fc"])
    def test_mistakes_are_named(self, parts: Mapping[str, GraphPart], wrong: str) -> None:
        with pytest.raises(VoiceError, match=rf"--exclude {wrong}: no such .*; there are"):
            quantize_fx.excluded_modules(parts, [wrong])

    def test_they_stay_fp32(self, parts: Mapping[str, GraphPart], runs: list[Feeds]) -> None:
        exclude = quantize_fx.excluded_modules(parts, ["memory:pnca.0.pnca_attn.w_h_kv"])["memory"]
        made = quantize_fx.quantize(parts["memory"], runs, BACKENDS[0], exclude)
        assert int8_layers(made) == {"decoder.pnca.1.pnca_attn.w_h_kv"}
