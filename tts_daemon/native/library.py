"""The kernels' shared library: the one place that calls it (`vocoder.h`)."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import VoiceError
from tts_daemon.native.layout import Convolution, Layout, UnsupportedLayoutError

PATH = Path(__file__).with_name("libtts_vocoder.so")
"""Where scripts/build-native puts it."""

State: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]

_MOST_STAGES = 8
_FLOATS, _BYTES = ctypes.POINTER(ctypes.c_float), ctypes.POINTER(ctypes.c_int8)
_HANDLE, _PLACE = ctypes.c_void_p, ctypes.c_void_p


class LibraryMissingError(VoiceError):
    """The library was not built, or does not fit this system."""


class _Convolution(ctypes.Structure):
    _fields_ = (
        ("weights", _FLOATS),
        ("bytes", _BYTES),
        ("bytes_step", _FLOATS),
        ("bias", _FLOATS),
        ("step", ctypes.c_float),
        ("zero", ctypes.c_float),
        ("in_", ctypes.c_int32),
        ("out", ctypes.c_int32),
        ("taps", ctypes.c_int32),
        ("dilation", ctypes.c_int32),
        ("stride", ctypes.c_int32),
        ("left", ctypes.c_int32),
        ("right", ctypes.c_int32),
    )


class _Layout(ctypes.Structure):
    _fields_ = (
        ("stages", ctypes.c_int32),
        ("blocks", ctypes.c_int32),
        ("pairs", ctypes.c_int32),
        ("harmonics", ctypes.c_int32),
        ("bands", ctypes.c_int32),
        ("slope", ctypes.c_float),
        ("final_slope", ctypes.c_float),
        ("scale", ctypes.c_int32 * _MOST_STAGES),
    )


class Pool:
    """Threads for any number of vocoders; one call at a time has them, others go on alone."""

    def __init__(self, library: Library, threads: int) -> None:
        """Start them; they sleep until a call has work."""
        self._library = library
        self.handle: int | None = library.functions.pool_open(threads)

    def __del__(self) -> None:
        """End them."""
        self._library.functions.pool_close(self.handle)


class Library:
    """The library, loaded."""

    def __init__(self, path: Path = PATH) -> None:
        """Load it.

        Raises:
            LibraryMissingError: Not there, or for another machine.
        """
        try:
            self.functions: Any = ctypes.CDLL(str(path))
        except OSError as error:
            raise LibraryMissingError(
                f"the kernels are not there ({error}): scripts/build-native builds them"
            ) from error
        _declare(self.functions)

    def kernels(self) -> list[str]:
        """Names of the kernels that this processor can run, best first."""
        names: bytes = self.functions.vocoder_kernels()
        return names.decode().split()


class NativeVocoder:
    """One vocoder with its weights; streams share it, each with a state of its own."""

    def __init__(
        self, library: Library, layout: Layout, layers: Sequence[Convolution], kernels: str
    ) -> None:
        """Hand the weights over; they are copied.

        Raises:
            UnsupportedLayoutError: The kernels cannot compute this.
        """
        self._functions = library.functions
        self._library = library
        self._handle = _HANDLE()
        self.layout = layout
        self.kernels = kernels
        arrays: list[Any] = []  # alive until the call is over
        convolutions = [_convolution(item, arrays) for item in layers]
        count = len(convolutions)
        refusal: bytes | None = self._functions.vocoder_open(
            ctypes.byref(c_layout(layout)),
            (_Convolution * count)(*convolutions),
            count,
            kernels.encode(),
            ctypes.byref(self._handle),
        )
        if refusal:
            raise UnsupportedLayoutError(f"the kernels refuse it: {refusal.decode()}")
        self._state_bytes = int(self._functions.vocoder_state_bytes(self._handle))

    def __del__(self) -> None:
        """Free the weights."""
        self._functions.vocoder_close(self._handle)

    def begin(self) -> State:
        """The state before the first frame."""
        state = np.empty(self._state_bytes, np.uint8)
        self._functions.vocoder_begin(self._handle, state.ctypes.data)
        return state

    def run(
        self, pool: Pool, state: State, mel: Floats, source: Floats | None, last: bool
    ) -> tuple[Floats, State]:
        """Make the samples that some frames complete.

        Args:
            pool: Threads.
            state: Of the stream; stays as it is.
            mel: [n, n_mels].
            source: [H, n x hop_length]; None without an excitation.
            last: Whether the stream ends here.

        Returns:
            float32 [samples], and the state for the next call.

        Raises:
            VoiceError: The sizes do not fit.
        """
        layout, frames = self.layout, len(mel)
        shape = (layout.harmonics, frames * layout.hop_length) if layout.harmonics else None
        if mel.shape != (frames, layout.n_mels) or state.shape != (self._state_bytes,):
            raise VoiceError(f"the vocoder cannot take mel {mel.shape}, state {state.shape}")
        if (None if source is None else source.shape) != shape:
            raise VoiceError(f"the vocoder needs an excitation {shape} for {frames} frames")
        mel = np.ascontiguousarray(mel, np.float32)
        source = None if source is None else np.ascontiguousarray(source, np.float32)
        new = state.copy()
        most = int(self._functions.vocoder_most_samples(self._handle, frames))
        waveform = np.empty(most, np.float32)
        made = self._functions.vocoder_run(
            self._handle,
            pool.handle,
            new.ctypes.data,
            mel.ctypes.data,
            None if source is None else source.ctypes.data,
            frames,
            last,
            waveform.ctypes.data,
        )
        if made < 0:
            raise VoiceError("no memory for the vocoder")
        return waveform[:made], new


def _declare(functions: Any) -> None:
    """Types of the arguments, as in `vocoder.h`."""
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "vocoder_kernels": (ctypes.c_char_p, []),
        "vocoder_open": (
            ctypes.c_char_p,
            [_PLACE, _PLACE, ctypes.c_int32, ctypes.c_char_p, _PLACE],
        ),
        "vocoder_close": (None, [_HANDLE]),
        "vocoder_state_bytes": (ctypes.c_int64, [_HANDLE]),
        "vocoder_begin": (None, [_HANDLE, _PLACE]),
        "vocoder_most_samples": (ctypes.c_int64, [_HANDLE, ctypes.c_int64]),
        "vocoder_run": (
            ctypes.c_int64,
            [_HANDLE, _HANDLE, _PLACE, _PLACE, _PLACE, ctypes.c_int64, ctypes.c_int32, _PLACE],
        ),
        "decoder_open": (
            ctypes.c_char_p,
            [_PLACE, _PLACE, ctypes.c_int32, ctypes.c_char_p, _PLACE],
        ),
        "decoder_close": (None, [_HANDLE]),
        "decoder_run": (ctypes.c_int64, [_HANDLE, _PLACE]),
        "pool_open": (_HANDLE, [ctypes.c_int32]),
        "pool_close": (None, [_HANDLE]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(functions, name)
        function.restype, function.argtypes = result, arguments


def _convolution(item: Convolution, arrays: list[Any]) -> _Convolution:
    out, width, taps = item.weights.shape

    def place(value: NDArray[Any] | None, kind: Any, dtype: Any) -> Any:
        if value is None:
            return kind()
        value = np.require(value, dtype, ["C", "ALIGNED"])
        arrays.append(value)
        return value.ctypes.data_as(kind)

    return _Convolution(
        place(item.weights, _FLOATS, np.float32),
        place(item.bytes, _BYTES, np.int8),
        place(item.bytes_step, _FLOATS, np.float32),
        place(item.bias, _FLOATS, np.float32),
        item.step,
        item.zero,
        width,
        out,
        taps,
        item.dilation,
        item.stride,
        item.left,
        item.right,
    )


def c_layout(layout: Layout) -> ctypes.Structure:
    """`struct layout`. Raises UnsupportedLayoutError."""
    if len(layout.scales) > _MOST_STAGES:
        raise UnsupportedLayoutError(f"{len(layout.scales)} stages, at most {_MOST_STAGES}")
    return _Layout(
        len(layout.scales),
        layout.blocks,
        layout.pairs,
        layout.harmonics,
        layout.bands,
        layout.slope,
        layout.final_slope,
        (ctypes.c_int32 * _MOST_STAGES)(*layout.scales),
    )
