"""The kernels of our own, as an engine: they play vocoders and decoders, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tts_daemon.errors import VoiceError
from tts_daemon.native.decoder import NativeDecoder, read_decoder
from tts_daemon.native.layout import Convolution, UnsupportedLayoutError, read_vocoder
from tts_daemon.native.library import PATH, Library, NativeVocoder, Pool
from tts_daemon.runtime.engine import Array, GraphOptions

VOCODER, DECODER = "vocoder", "decoder"
GRAPHS = (VOCODER, DECODER)
"""Those that they play, by the names of their files without the suffix."""

_STATE = "state_0"
_WIDE, _WIDE_CHANNELS = ("avx512_vnni", "avx512"), 16


class NativeEngine:
    """Loads vocoders and decoders from the ONNX files of a package."""

    def __init__(self, path: Path = PATH) -> None:
        """Load the library.

        Raises:
            LibraryMissingError: It was not built, or is for another machine.
            UnsupportedLayoutError: It has nothing for this processor.
        """
        self._library = Library(path)
        self.kernels = self._library.kernels()
        self._pools: dict[int, Pool] = {}
        if not self.kernels:
            raise UnsupportedLayoutError("the kernels have nothing for this processor")

    def load(self, path: Path, options: GraphOptions) -> NativeGraph | NativeDecoder:
        """See `Engine`.

        Raises:
            UnsupportedLayoutError: One that only ONNX Runtime plays.
        """
        return self._decoder(path) if path.stem == DECODER else self._vocoder(path, options)

    def _decoder(self, path: Path) -> NativeDecoder:
        """With the best kernels whose vectors fit into a head."""
        layout = read_decoder(path)
        for kernels in self.kernels[:-1]:
            with contextlib.suppress(UnsupportedLayoutError):
                return NativeDecoder(self._library, layout, kernels)
        return NativeDecoder(self._library, layout, self.kernels[-1])

    def _vocoder(self, path: Path, options: GraphOptions) -> NativeGraph:
        layout, layers = read_vocoder(path)
        vocoder = NativeVocoder(self._library, layout, layers, fitting(self.kernels, layers))
        if options.threads not in self._pools:
            self._pools[options.threads] = Pool(self._library, options.threads)
        return NativeGraph(vocoder, self._pools[options.threads])


def fitting(kernels: Sequence[str], layers: Sequence[Convolution]) -> str:
    """The best kernels for these layers.

    Rows of channels are filled up to whole vectors. In FP32, with 8 channels in the last stage,
    vectors of 8 are a fifth faster than vectors of 16 that are half empty.
    """
    if any(layer.bytes is not None for layer in layers):
        return kernels[0]
    shapes = [layer.weights.shape for layer in layers]
    fewest = min(out for out, width, _ in shapes if out == width)  # of residual blocks
    whole = [name for name in kernels if name not in _WIDE or fewest >= _WIDE_CHANNELS]
    return (whole or kernels)[0]


class NativeGraph:
    """One vocoder, with the inputs and outputs of its graph."""

    def __init__(self, vocoder: NativeVocoder, pool: Pool) -> None:
        """Take the vocoder and the threads."""
        self._vocoder = vocoder
        self._pool = pool
        self.kernels = vocoder.kernels

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See `Graph`."""
        source = inputs.get("source")
        waveform, state = self._vocoder.run(
            self._pool,
            inputs[_STATE],
            inputs["mel"][0].T,
            None if source is None else source[0],
            bool(inputs["edges"][1]),
        )
        return {"waveform": waveform[None], f"{_STATE}_out": state}

    def bind(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Callable[[], None]:
        """See `Graph`."""

        def call() -> None:
            for name, value in self.run(inputs).items():
                if value.shape != outputs[name].shape:
                    raise VoiceError(f"{name} is {value.shape}, not {outputs[name].shape}")
                outputs[name][...] = value

        return call

    def empty_states(self) -> dict[str, Array]:
        """See `Graph`: it knows itself that nothing came before."""
        return {_STATE: self._vocoder.begin()}

    def width(self, name: str) -> int:
        """See `Graph`."""
        return {"mel": 0, "source": 0, "edges": 2}.get(name, 0)
