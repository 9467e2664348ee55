"""Torch modules -> the ONNX graphs of a voice package (docs/voice-package.md)."""

from __future__ import annotations

import onnx

from tts_daemon.workshop.export.decoder import decoder_graph, memory_graph
from tts_daemon.workshop.export.encoder import encoder_graph
from tts_daemon.workshop.export.postnet import postnet_fsmn_graph, postnet_lstm_graph
from tts_daemon.workshop.export.variance import duration_graph, variance_graph
from tts_daemon.workshop.export.vocoder import vocoder_graph
from tts_daemon.workshop.models.voice import TorchVoice

__all__ = ["export_graphs"]


def export_graphs(voice: TorchVoice) -> dict[str, onnx.ModelProto]:
    """The graphs of a voice in FP32, by the names of the voice package."""
    model = voice.acoustic
    return {
        "encoder": encoder_graph(model, voice.speaker_table),
        "variance": variance_graph(model),
        "duration": duration_graph(model),
        "memory": memory_graph(model),
        "decoder": decoder_graph(model),
        "postnet_fsmn": postnet_fsmn_graph(model),
        "postnet_lstm": postnet_lstm_graph(model),
        "vocoder": vocoder_graph(voice.vocoder),
    }
