"""The vocoder's part of `recovery`: upsampling branches that the package holds as one filter.

Letters: C channels, s upsampling factor, k taps.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tts_daemon.workshop.models.hifigan import Generator
from tts_daemon.workshop.models.hifigan.layers import WeightNormConv1d
from tts_daemon.workshop.training.recovery.acoustic import Constants, Floats, load_found

_REACH = 4
"""Steps on each side that an upsampling branch may see."""


def recover_vocoder(package: Path, generator: Generator) -> None:
    """Load the weights of a package's vocoder into `generator`, which has its sizes.

    An upsampling in the graph is the sum of two branches; any two with that sum are as good, and
    the smallest are taken.

    Raises:
        CheckpointError: The package's vocoder is of another size.
    """
    constants = Constants(package, ("vocoder",))
    state: dict[str, Tensor] = {}

    def put(name: str, weight: Floats, bias: Floats) -> None:
        direction = torch.from_numpy(np.array(weight, dtype=np.float32, order="C"))
        state[f"{name}.weight_v"] = direction
        state[f"{name}.weight_g"] = direction.norm(dim=(1, 2), keepdim=True)
        state[f"{name}.bias"] = torch.from_numpy(np.array(bias, dtype=np.float32))

    for stage in range(len(generator.params.upsample_scales)):
        deconv, repeat = _branches(generator, stage, constants)
        bias = constants.bias("vocoder", f"upsamples.{stage}")[: deconv.shape[1]]
        put(f"transpose_upsamples.{stage}.1.deconv", deconv, bias)
        put(f"repeat_upsamples.{stage}.2.conv1d", repeat, 0 * bias)
    for name, layer in generator.named_modules():
        if isinstance(layer, WeightNormConv1d) and not name.startswith("repeat_upsamples"):
            node = name.removesuffix(".conv1d")
            put(name, constants.weight("vocoder", node, axis=0), constants.bias("vocoder", node))
    load_found(generator, state, package)


def _branches(generator: Generator, stage: int, constants: Constants) -> tuple[Floats, Floats]:
    """Weights of the transposed convolution [C, C', k] and of the repeat branch [C', C, k']."""
    params = generator.params
    scale, kernel = params.upsample_scales[stage], params.upsample_kernels[stage]
    merged = constants.weight("vocoder", f"upsamples.{stage}", axis=0)  # [s x C', C, taps]
    out_channels, channels = merged.shape[0] // scale, merged.shape[1]
    basis = np.stack(
        [_impulse(kernel, scale, tap, repeat=False) for tap in range(kernel)]
        + [
            _impulse(params.kernel_size, scale, tap, repeat=True)
            for tap in range(params.kernel_size)
        ]
    )  # [k + k', s, reach]
    used = np.flatnonzero(np.abs(basis).max(axis=(0, 1)))
    basis = basis[:, :, used[0] : used[-1] + 1].reshape(len(basis), -1)
    by_place = merged.reshape(scale, out_channels, channels, -1).transpose(0, 3, 1, 2)
    wanted = by_place.reshape(basis.shape[1], -1)
    solution = np.linalg.lstsq(basis.T, wanted, rcond=1e-6)[0]
    solution = solution.reshape(-1, out_channels, channels)
    return solution[:kernel].transpose(2, 1, 0), solution[kernel:].transpose(1, 2, 0)


def _impulse(kernel: int, scale: int, tap: int, *, repeat: bool) -> Floats:
    """What one tap of a branch adds to the places between two steps, [s, 2 x reach + 1]."""
    weight = torch.zeros(1, 1, kernel)
    weight[0, 0, tap] = 1
    layer: nn.Module
    if repeat:
        layer = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)
    else:
        layer = nn.ConvTranspose1d(1, 1, kernel, scale, (kernel - scale) // 2, bias=False)
    layer.weight = nn.Parameter(weight)
    x = torch.zeros(1, 1, 2 * _REACH + 1)
    x[0, 0, _REACH] = 1
    with torch.no_grad():
        y = layer(nn.functional.interpolate(x, scale_factor=scale)) if repeat else layer(x)
    places = y[0, 0, : x.shape[2] * scale].reshape(-1, scale)
    response: Floats = places.flip(0).T.numpy()
    return response
