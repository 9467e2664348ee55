"""Weights to begin a training of the generator with."""

from __future__ import annotations

from torch import nn

from tts_daemon.workshop.models.hifigan.generator import Generator


def start_wide(generator: Generator) -> Generator:
    """Kaiming-uniform weights, in place: the published start (0.01) learns slowly."""
    for name, parameter in generator.named_parameters():
        if not name.endswith("weight_v"):
            continue
        nn.init.kaiming_uniform_(parameter, a=generator.params.slope)
        length = generator.get_parameter(name.removesuffix("_v") + "_g")
        length.data = parameter.data.norm(dim=(1, 2), keepdim=True)
    return generator
