"""The engine that fits a graph's file."""

from __future__ import annotations

from pathlib import Path

from tts_daemon.extras import missing_extra
from tts_daemon.runtime.engine import Engine, Graph, GraphOptions
from tts_daemon.runtime.onnx_engine import OnnxEngine

TORCHSCRIPT = ".ts"


class Engines:
    """ONNX Runtime for every voice but those made for torch."""

    def __init__(self) -> None:
        """torch is not loaded before a voice needs it."""
        self._onnx = OnnxEngine()
        self._torch: Engine | None = None

    def load(self, path: Path, options: GraphOptions) -> Graph:
        """See `Engine`.

        Raises:
            MissingExtraError: A TorchScript graph, and torch is not installed.
        """
        if path.suffix != TORCHSCRIPT:
            return self._onnx.load(path, options)
        if self._torch is None:
            self._torch = _torch_engine()
        return self._torch.load(path, options)


def _torch_engine() -> Engine:
    try:
        from tts_daemon.runtime.torch_engine import TorchEngine
    except ModuleNotFoundError as error:
        raise missing_extra("this voice is TorchScript and needs torch", "convert") from error
    return TorchEngine()
