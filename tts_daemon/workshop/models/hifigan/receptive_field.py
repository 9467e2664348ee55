"""How many frames around a chunk the vocoder must see to make the chunk exactly."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from tts_daemon.workshop.models.hifigan.params import GeneratorParams
from tts_daemon.workshop.models.hifigan.pqmf import TAPS


@dataclass(frozen=True, slots=True)
class Span:
    """Places first ... last (included) of one layer that some output depends on."""

    first: int
    last: int

    def through_conv(self, taps: int, dilation: int, causal: bool) -> Span:
        """What a convolution of stride 1 reads for this span."""
        reach = (taps - 1) * dilation
        left = reach if causal else reach // 2
        return Span(self.first - left, self.last + reach - left)

    def through_repeat(self, scale: int) -> Span:
        """What a nearest-neighbour upsampling reads."""
        return Span(self.first // scale, self.last // scale)

    def through_transposed(self, taps: int, scale: int, causal: bool) -> Span:
        """What a transposed convolution reads."""
        padding = 0 if causal else (taps - scale) // 2
        return Span(-((taps - 1 - self.first - padding) // scale), (self.last + padding) // scale)

    def through_stride(self, taps: int, stride: int, causal: bool) -> Span:
        """What a convolution with a stride reads, the padding of `GeneratorParams` assumed."""
        left = taps - 1 if causal else stride // 2
        return Span(self.first * stride - left, self.last * stride - left + taps - 1)

    def joined(self, other: Span) -> Span:
        """What either needs."""
        return Span(min(self.first, other.first), max(self.last, other.last))


def context_frames(params: GeneratorParams) -> int:
    """Frames on each side, the larger of both."""
    hop = params.hop_length
    sides = [0]
    # The reach differs from sample to sample inside a frame.
    for sample in range(hop):
        span = _frames_read(params, Span(sample, sample))
        sides += [-span.first, span.last]
    return max(sides)


def _frames_read(params: GeneratorParams, span: Span) -> Span:
    """Mel frames that these samples depend on, also by way of the excitation."""
    causal = params.causal
    if params.out_channels > 1:
        reach = TAPS // 2
        span = Span(
            (span.first - reach) // params.out_channels, (span.last + reach) // params.out_channels
        )
    span = span.through_conv(params.kernel_size, 1, causal)
    source_frames: list[Span] = []
    for stage in reversed(range(len(params.upsample_scales))):
        span = _through_blocks(params, span)
        scale, taps = params.upsample_scales[stage], params.upsample_kernels[stage]
        if params.harmonics:
            source_frames.append(_excitation_frames(params, span, stage))
        repeat = span.through_conv(params.kernel_size, 1, causal).through_repeat(scale)
        span = span.through_transposed(taps, scale, causal).joined(repeat)
    span = span.through_conv(params.kernel_size, 1, causal)
    for other in source_frames:
        span = span.joined(other)
    return span


def _through_blocks(params: GeneratorParams, span: Span) -> Span:
    widest = span
    for taps, dilations in zip(params.resblock_kernels, params.resblock_dilations, strict=True):
        block = span
        for dilation in dilations:
            block = block.through_conv(taps, 1, params.causal)
            block = block.through_conv(taps, dilation, params.causal)
        widest = widest.joined(block)
    return widest


def _excitation_frames(params: GeneratorParams, span: Span, stage: int) -> Span:
    down = prod(params.upsample_scales[stage + 1 :]) * params.out_channels
    samples = span if down == 1 else span.through_stride(2 * down, down, params.causal)
    return samples.through_repeat(params.hop_length)
