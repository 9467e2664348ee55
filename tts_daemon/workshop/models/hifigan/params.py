"""The vocoder's hyperparameters as `voc/config.yaml` spells them, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.models.hifigan.excitation import NOISE


@dataclass(frozen=True, slots=True)
class GeneratorParams:
    """Shape of one generator.

    Attributes:
        in_channels: Mel bands.
        out_channels: 1, or the number of PQMF bands that are merged into one waveform; no published
            voice has both bands and an excitation.
        channels: Width before the first upsampling; halved by each stage.
        kernel_size: Taps of the first, the last and the repeat-branch convolutions.
        upsample_scales: Factor of each stage.
        upsample_kernels: Taps of each stage's transposed convolution.
        resblock_kernels: Taps of the parallel residual blocks of a stage.
        resblock_dilations: Dilations inside each residual block.
        causal: Every convolution looks only back.
        slope: Negative slope of the leaky rectifiers.
        harmonics: Sines of the excitation, fundamental included; 0 without an excitation.
        sample_rate: Samples per second of the excitation; 0 without one.
        zero_phases: The sines of the excitation start together; never in a published voice.
        noise: Deviation of the noise in voiced frames, where a sine has 0.1.
    """

    in_channels: int = 80
    out_channels: int = 1
    channels: int = 256
    kernel_size: int = 7
    upsample_scales: tuple[int, ...] = (10, 5, 2, 2)
    upsample_kernels: tuple[int, ...] = (20, 11, 4, 4)
    resblock_kernels: tuple[int, ...] = (3, 7, 11)
    resblock_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5, 7), (1, 3, 5, 7), (1, 3, 5, 7))
    causal: bool = False
    slope: float = 0.1
    harmonics: int = 0
    sample_rate: int = 0
    zero_phases: bool = False
    noise: float = NOISE

    @property
    def hop_length(self) -> int:
        """Samples per mel frame."""
        return prod(self.upsample_scales) * self.out_channels

    @classmethod
    def from_config(cls, params: Mapping[str, Any]) -> GeneratorParams:
        """Read `Model.Generator.params` of a published configuration.

        Raises:
            CheckpointError: A key is missing, has a wrong type, or asks for a variant that was
                never published; names the key.
        """
        _refuse_unknown_variants(params)
        source = params.get("nsf_params") or {}
        activation = params.get("nonlinear_activation_params") or {}
        result = cls(
            in_channels=_size(params, "in_channels"),
            out_channels=_size(params, "out_channels"),
            channels=_size(params, "channels"),
            kernel_size=_size(params, "kernel_size"),
            upsample_scales=_sizes(params, "upsample_scales"),
            # "kernal" is how the published configurations spell it.
            upsample_kernels=_sizes(params, "upsample_kernal_sizes"),
            resblock_kernels=_sizes(params, "resblock_kernel_sizes"),
            resblock_dilations=_dilations(params),
            causal=bool(params.get("causal", True)),
            slope=float(activation.get("negative_slope", 0.1)),
            harmonics=_size(source, "nb_harmonics") + 1 if source else 0,
            sample_rate=_size(source, "sampling_rate") if source else 0,
            zero_phases=bool(source.get("zero_phases", False)),
            noise=float(source.get("noise", NOISE)),
        )
        result._check()
        return result

    def _check(self) -> None:
        checks = {
            "upsample_kernal_sizes must be as many as upsample_scales": len(self.upsample_scales)
            == len(self.upsample_kernels)
            > 0,
            "resblock_dilations must be as many as resblock_kernel_sizes": len(
                self.resblock_dilations
            )
            == len(self.resblock_kernels)
            > 0,
            "kernel_size and resblock_kernel_sizes must be odd": all(
                k % 2 == 1 for k in (self.kernel_size, *self.resblock_kernels)
            ),
            "channels must be divisible by 2 for every stage": self.channels
            % 2 ** len(self.upsample_scales)
            == 0,
            "upsample_kernal_sizes must be at least upsample_scales": all(
                k >= s > 0
                for k, s in zip(self.upsample_kernels, self.upsample_scales, strict=False)
            ),
            "out_channels must be 1 or 4": self.out_channels in (1, 4),
        }
        for complaint, holds in checks.items():
            if not holds:
                raise CheckpointError(f"Model.Generator.params: {complaint}")


def _refuse_unknown_variants(params: Mapping[str, Any]) -> None:
    published = {
        "nonlinear_activation": "LeakyReLU",
        "repeat_upsample": True,
        "use_weight_norm": True,
        "bias": True,
    }
    for key, value in published.items():
        if params.get(key, value) != value:
            raise CheckpointError(
                f"Model.Generator.params.{key}: {params[key]!r} was never published, only {value!r}"
            )


def _size(params: Mapping[str, Any], key: str) -> int:
    value = params.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 65536:
        raise CheckpointError(f"Model.Generator.params.{key}: {value!r} is no usable number")
    return value


def _sizes(params: Mapping[str, Any], key: str) -> tuple[int, ...]:
    values = params.get(key)
    if not isinstance(values, list) or not 0 < len(values) <= 16:
        raise CheckpointError(f"Model.Generator.params.{key}: {values!r} is no list of numbers")
    return tuple(_size({key: value}, key) for value in values)


def _dilations(params: Mapping[str, Any]) -> tuple[tuple[int, ...], ...]:
    key = "resblock_dilations"
    blocks = params.get(key)
    if not isinstance(blocks, list) or not 0 < len(blocks) <= 16:
        raise CheckpointError(f"Model.Generator.params.{key}: {blocks!r} is no list of lists")
    return tuple(_sizes({key: block}, key) for block in blocks)
