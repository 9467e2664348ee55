"""The engine that fits a graph's file, and this machine."""

from __future__ import annotations

import logging
from pathlib import Path

from tts_daemon.extras import importing
from tts_daemon.native.layout import UnsupportedLayoutError
from tts_daemon.native.library import PATH, LibraryMissingError
from tts_daemon.runtime.engine import Engine, Graph, GraphOptions
from tts_daemon.runtime.native_engine import GRAPHS, VOCODER, NativeEngine
from tts_daemon.runtime.onnx_engine import OnnxEngine

TORCHSCRIPT = ".ts"
AUTO, ONNX, NATIVE = CHOICES = ("auto", "onnx", "native")
log = logging.getLogger(__name__)


class Engines:
    """ONNX Runtime for every graph, but for those that our own kernels play, and for torch's.

    Attributes:
        vocoder: What plays the vocoder that was loaded last: `onnx`, `torch`, or `native` with the
            kernels; empty before.
        refusal: Why our own kernels do not play it, where they were to; else empty.
    """

    def __init__(self, choice: str = AUTO, library: Path = PATH) -> None:
        """torch is not loaded before a voice needs it, nor the kernels.

        Args:
            choice: For vocoders and decoders. `auto`: our own kernels where they can; `onnx`:
                never; `native`: a vocoder that they cannot play is an error.
            library: Where the kernels are.
        """
        self._onnx = OnnxEngine()
        self._torch: Engine | None = None
        self._choice = choice
        self._library = library
        self._native: NativeEngine | None = None
        self.vocoder = ""
        self.refusal = ""

    def load(self, path: Path, options: GraphOptions) -> Graph:
        """See `Engine`.

        Raises:
            MissingExtraError: A TorchScript graph, and torch is not installed.
            LibraryMissingError: The kernels are asked for, and are not there.
            UnsupportedLayoutError: They are asked for, and cannot play this vocoder.
        """
        name, graph = self._load(path, options)
        if path.stem == VOCODER:
            self.vocoder = name
        return graph

    def _load(self, path: Path, options: GraphOptions) -> tuple[str, Graph]:
        if path.suffix == TORCHSCRIPT:
            if self._torch is None:
                self._torch = _torch_engine()
            return "torch", self._torch.load(path, options)
        wanted = options.engine if self._choice == AUTO else self._choice
        if path.stem in GRAPHS and wanted != ONNX:
            try:
                return self._load_native(path, options)
            except (LibraryMissingError, UnsupportedLayoutError) as reason:
                if path.stem == VOCODER:
                    if self._choice == NATIVE:
                        raise
                    self.refusal = str(reason)
                log.info("ONNX Runtime plays %s: %s", path, reason)
        return ONNX, self._onnx.load(path, options)

    def _load_native(self, path: Path, options: GraphOptions) -> tuple[str, Graph]:
        if self._native is None:
            self._native = NativeEngine(self._library)
        graph = self._native.load(path, options)
        return f"{NATIVE} ({graph.kernels})", graph


def _torch_engine() -> Engine:
    with importing("convert", "this voice is TorchScript"):
        from tts_daemon.runtime.torch_engine import TorchEngine
    return TorchEngine()
