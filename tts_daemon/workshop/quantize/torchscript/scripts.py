"""Parts of a voice as TorchScript files that the torch engine plays."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tts_daemon.workshop.measure.graph_player import Feeds
from tts_daemon.workshop.models.hifigan.receptive_field import context_frames
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize.torchscript.fx import engine
from tts_daemon.workshop.quantize.torchscript.part import GraphPart

DESCRIPTION = "graph.json"
"""Name of the extra file inside a TorchScript archive that names its inputs and outputs."""


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """One graph, ready to be written.

    Attributes:
        content: The file.
        look_ahead_frames: Of the vocoder; 0 for other graphs.
    """

    content: bytes
    look_ahead_frames: int = 0


class PiecewiseVocoder(nn.Module):
    """A whole vocoder made to take mel piece by piece: it computes the context of each piece anew.

    Unlike the ONNX vocoder, whose layers keep what they need: torch's quantised layers cannot.
    `state_0` holds mel [1, n_mels, places], `state_1` the excitation's sines [1, H, places x hop].
    """

    def __init__(self, whole: nn.Module, context: int, hop_length: int) -> None:
        super().__init__()
        self.whole = whole
        self.context = context
        self.hop_length = hop_length

    def forward(
        self, mel: Tensor, source: Tensor, edges: Tensor, state_0: Tensor, state_1: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One piece; see docs/voice-package.md for `edges`."""
        mel = torch.cat([state_0, mel], dim=2)
        source = torch.cat([state_1, source], dim=2)
        whole = self.whole(mel, source)[0]
        done = 0 if int(edges[0]) != 0 else state_0.shape[2] - self.context
        stop = mel.shape[2] if int(edges[1]) != 0 else mel.shape[2] - self.context
        waveform = whole[:, done * self.hop_length : stop * self.hop_length]
        kept = max(0, stop - self.context)
        return waveform, mel[:, :, kept:], source[:, :, kept * self.hop_length :]


class StreamingPlainVocoder(nn.Module):
    """The same for a voice without an excitation."""

    def __init__(self, whole: nn.Module, context: int, hop_length: int) -> None:
        super().__init__()
        self.whole = whole
        self.context = context
        self.hop_length = hop_length

    def forward(self, mel: Tensor, edges: Tensor, state_0: Tensor) -> tuple[Tensor, Tensor]:
        """See `PiecewiseVocoder`."""
        mel = torch.cat([state_0, mel], dim=2)
        whole = self.whole(mel)[0]
        done = 0 if int(edges[0]) != 0 else state_0.shape[2] - self.context
        stop = mel.shape[2] if int(edges[1]) != 0 else mel.shape[2] - self.context
        waveform = whole[:, done * self.hop_length : stop * self.hop_length]
        return waveform, mel[:, :, max(0, stop - self.context) :]


def trace(part: GraphPart, feeds: Feeds) -> torch.jit.ScriptModule:
    """TorchScript of a graph, from one run."""
    with torch.no_grad(), warnings.catch_warnings():
        # torch announces the end of TorchScript at every call.
        warnings.simplefilter("ignore")
        arguments = part.arguments(feeds)
        module: torch.jit.ScriptModule = torch.jit.trace(  # type: ignore[no-untyped-call]
            part.module, arguments, check_trace=False
        )
    return module


def write_scripts(
    voice: TorchVoice,
    parts: Mapping[str, GraphPart],
    feeds: Mapping[str, Sequence[Feeds]],
    backend: str,
) -> dict[str, ScriptFile]:
    """Trace all graphs of a voice and turn them into files.

    Args:
        voice: The voice.
        parts: Graph name -> graph, quantised or not.
        feeds: Inputs of real runs.
        backend: The torch engine that quantised graphs were made for.
    """
    with engine(backend):
        scripts = {
            name: ScriptFile(_content(trace(part, feeds[name][0]), _described(part, backend)))
            for name, part in parts.items()
            if name != "vocoder"
        }
        whole = trace(parts["vocoder"], feeds["vocoder"][0])
        scripts["vocoder"] = _streaming(voice, whole, backend)
    return scripts


def _described(part: GraphPart, backend: str) -> dict[str, Any]:
    widths = {}
    if "emotion" in part.inputs:
        encoder: Any = part.module
        widths = {"emotion": encoder.emotions.shape[0], "speaker": encoder.speakers.shape[0]}
    return {
        "inputs": part.inputs,
        "outputs": part.outputs,
        "widths": widths,
        "states": {},
        "backend": backend,
    }


def _streaming(voice: TorchVoice, whole: torch.jit.ScriptModule, backend: str) -> ScriptFile:
    params = voice.vocoder.params
    context = context_frames(params)
    states = {"state_0": [1, params.in_channels, 0]}
    inputs: list[str] = ["mel", "edges"]
    kind: type[nn.Module] = StreamingPlainVocoder
    if params.harmonics:
        states["state_1"] = [1, params.harmonics, 0]
        inputs = ["mel", "source", "edges"]
        kind = PiecewiseVocoder
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module: Any = torch.jit.script(kind(whole, context, voice.hop_length))
    description = {
        "inputs": [*inputs, *states],
        "outputs": ["waveform", *(f"{state}_out" for state in states)],
        "widths": {},
        "states": states,
        "backend": backend,
    }
    return ScriptFile(_content(module, description), look_ahead_frames=context)


def _content(module: torch.jit.ScriptModule, description: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(module, buffer, _extra_files={DESCRIPTION: json.dumps(description)})
    return buffer.getvalue()
