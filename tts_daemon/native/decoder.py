"""The decoder's steps by our own kernels: what its graph computes, and the call (`vocoder.h`).

The layers bear the names of the published checkpoints. Only graphs whose products are in INT8 are
taken: that is where one step costs no more than reading its weights.
Letters: S steps, N layers, H heads, D values a head, U units, I inputs, O outputs.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import VoiceError
from tts_daemon.native.layout import UnsupportedLayoutError
from tts_daemon.native.library import Library
from tts_daemon.native.onnx_file import Array, Node, OnnxFile, read

Floats: TypeAlias = NDArray[np.float32]
_PRODUCT, _NORM, _QUANTIZE = "MatMulIntegerToFloat", "LayerNormalization", "QuantizeLinear"
_LAYER = ("pnca_attn.w_x_qkv", "pnca_attn.fc", "pos_ffn.w_1", "pos_ffn.w_2")
_NORMS = ("pnca_attn.layer_norm", "pos_ffn.layer_norm")
_PRENET, _INTO, _CONSTANT = "prenet.fcs.{}", "dec_in_proj.prenet", "prenet"
_LAST_NORM, _OUT = "mel_dec.ln", "dec_out_proj"
_SHAPES = {"Concat", "Identity", "Reshape", "Split", "Transpose"}
_FLOATS, _BYTES = ctypes.POINTER(ctypes.c_float), ctypes.POINTER(ctypes.c_int8)


@dataclass(frozen=True, slots=True)
class Product:
    """Rows of bytes by INT8 weights.

    Attributes:
        weights: INT8 [I, O].
        weights_step: What 1 means in them [O].
        bias: FP32 [O].
        step: What 1 means in the bytes.
        zero: The byte that stands for zero.
    """

    weights: NDArray[np.int8]
    weights_step: Floats
    bias: Floats
    step: float
    zero: int


@dataclass(frozen=True, slots=True)
class DecoderLayout:
    """A decoder.

    Attributes:
        layers: Their number.
        heads: Of each attention.
        frame: Values of a frame.
        prenets: Rectified layers that a frame passes through; 0 where frames are not fed back.
        epsilon: Added to variances.
        norms: [2 N + 1, 2, U]: gains and biases.
        prenet: [U], where there are no prenets.
        products: In the order of `vocoder.h`.
    """

    layers: int
    heads: int
    frame: int
    prenets: int
    epsilon: float
    norms: Floats
    prenet: Floats
    products: tuple[Product, ...]

    @property
    def units(self) -> int:
        """Values between the layers."""
        return int(self.norms.shape[2])

    @property
    def made(self) -> int:
        """Values that a step makes: its frames, one behind the other."""
        return int(self.products[-1].weights.shape[1])


def read_decoder(path: Path) -> DecoderLayout:
    """What the graph of a decoder computes.

    Raises:
        VoiceError: The file is damaged.
        UnsupportedLayoutError: It computes something else, or not in INT8.
    """
    try:
        return _DecoderReader(read(path)).layout()
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise UnsupportedLayoutError(f"{path.name}: unusual at {error}") from error


class _DecoderReader:
    """Takes the layers of one graph by their names, and counts that nothing else is in it."""

    def __init__(self, file: OnnxFile) -> None:
        self._constants = file.constants
        self._named = {node.name: node for node in file.nodes}
        self._producers = {name: node for node in file.nodes for name in node.outputs}
        self._kinds = Counter(node.kind for node in file.nodes)

    def layout(self) -> DecoderLayout:
        layers = self._count("pnca.{}.pnca_attn.w_x_qkv")
        prenets = self._count(_PRENET, every=3)
        names = [_PRENET.format(3 * index) for index in range(prenets)]
        names += [_INTO] if prenets else []
        names += [f"pnca.{layer}.{part}" for layer in range(layers) for part in _LAYER]
        norms = [f"pnca.{layer}.{part}" for layer in range(layers) for part in _NORMS]
        self._check_kinds(layers, prenets, len(names) + 1)
        products = tuple(self._product(name) for name in (*names, _OUT))
        units, made = products[-1].weights.shape
        if made % self._last_axis(_OUT):
            raise ValueError("the frames")
        return DecoderLayout(
            layers,
            self._heads(units),
            self._last_axis(_OUT),
            prenets,
            self._named[_LAST_NORM].reals["epsilon"],
            np.stack([self._norm(name) for name in (*norms, _LAST_NORM)]),
            np.zeros(units, np.float32) if prenets else self._constants[_CONSTANT][0],
            products,
        )

    def _count(self, pattern: str, every: int = 1) -> int:
        count = 0
        while pattern.format(every * count) in self._named:
            count += 1
        return count

    def _check_kinds(self, layers: int, prenets: int, products: int) -> None:
        """Every layer is the same few operations: a graph with any other is not this decoder."""
        expected = {
            _PRODUCT: products,
            _QUANTIZE: products,
            _NORM: 2 * layers + 1,
            "Relu": prenets + layers,
            "MatMul": 4 * layers,
            "Softmax": 2 * layers,
            "Add": 1 + 4 * layers,
        }
        for kind in {*self._kinds, *expected} - _SHAPES:
            if self._kinds[kind] != expected.get(kind, 0):
                raise ValueError(f"{self._kinds[kind]} times {kind}")

    def _heads(self, units: int) -> int:
        heads, rest = divmod(units, self._last_axis("pnca.0.pnca_attn.w_x_qkv"))
        if rest:
            raise ValueError("the heads")
        return heads

    def _last_axis(self, name: str) -> int:
        """Of the shape that the outputs of a layer are given."""
        output = self._named[name].outputs[0]
        shape = next(
            self._constants[node.inputs[1]]
            for node in self._named.values()
            if node.kind == "Reshape" and node.inputs[0] == output
        )
        return int(shape[-1])

    def _product(self, name: str) -> Product:
        node = self._named[name]
        row, weights, step, weights_step, zero, weights_zero, bias = (
            self._producers[node.inputs[0]],
            *(self._constants[item] for item in node.inputs[1:7]),
        )
        if weights.dtype != np.int8 or weights_zero.any() or np.any(weights == -128):
            raise ValueError(f"the INT8 weights of {name}")
        if zero.dtype != np.uint8 or not self._same_scale(row, node):
            raise ValueError(f"the bytes of {name}")
        steps = np.broadcast_to(weights_step, weights.shape[1:])
        return Product(weights, steps, bias, float(step), int(zero))

    @staticmethod
    def _same_scale(row: Node, product: Node) -> bool:
        return row.kind == _QUANTIZE and row.inputs[1:] == (product.inputs[2], product.inputs[4])

    def _norm(self, name: str) -> Array:
        node = self._named[name]
        if node.numbers.get("axis") != (-1,):
            raise ValueError(f"the axis of {name}")
        if node.reals["epsilon"] != self._named[_LAST_NORM].reals["epsilon"]:
            raise ValueError(f"the epsilon of {name}")
        return np.stack([self._constants[item] for item in node.inputs[1:3]])


class _Product(ctypes.Structure):
    _fields_ = (
        ("weights", _BYTES),
        ("weights_step", _FLOATS),
        ("bias", _FLOATS),
        ("step", ctypes.c_float),
        ("zero", ctypes.c_int32),
        ("in_", ctypes.c_int32),
        ("out", ctypes.c_int32),
    )


class _DecoderLayout(ctypes.Structure):
    _fields_ = (
        ("layers", ctypes.c_int32),
        ("heads", ctypes.c_int32),
        ("prenets", ctypes.c_int32),
        ("epsilon", ctypes.c_float),
        ("norms", _FLOATS),
        ("prenet", _FLOATS),
    )


_READ = (
    "previous_frames", "step_input", "self_keys", "self_values", "self_mask", "memory_keys",
    "memory_values", "memory_mask",
)  # fmt: skip
_MADE = ("frames", "new_keys", "new_values")


class _DecoderCall(ctypes.Structure):
    _fields_ = (
        ("steps", ctypes.c_int32),
        ("past", ctypes.c_int32),
        ("view", ctypes.c_int32),
        *((name, ctypes.c_void_p) for name in (*_READ, *_MADE)),
    )


class NativeDecoder:
    """One decoder with its weights, with the inputs and outputs of its graph; for any thread."""

    def __init__(self, library: Library, layout: DecoderLayout, kernels: str) -> None:
        """Hand the weights over; they are copied.

        Raises:
            UnsupportedLayoutError: The kernels cannot compute this.
        """
        self._functions = library.functions
        self._library = library
        self._handle = ctypes.c_void_p()
        self.layout = layout
        self.kernels = kernels
        arrays: list[Array] = []  # alive until the call is over
        head = _DecoderLayout(
            layout.layers,
            layout.heads,
            layout.prenets,
            layout.epsilon,
            _place(layout.norms, _FLOATS, np.float32, arrays),
            _place(layout.prenet, _FLOATS, np.float32, arrays),
        )
        products = [_product(item, arrays) for item in layout.products]
        refusal: bytes | None = self._functions.decoder_open(
            ctypes.byref(head),
            (_Product * len(products))(*products),
            len(products),
            kernels.encode(),
            ctypes.byref(self._handle),
        )
        if refusal:
            raise UnsupportedLayoutError(f"the kernels refuse it: {refusal.decode()}")

    def __del__(self) -> None:
        """Free the weights."""
        self._functions.decoder_close(self._handle)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See `Graph`."""
        layout, steps = self.layout, inputs["step_input"].shape[1]
        values = (layout.layers, layout.heads, steps, layout.units // layout.heads)
        outputs: dict[str, Array] = {
            "frames": np.empty((1, steps, layout.made), np.float32),
            "new_keys": np.empty(values, np.float32),
            "new_values": np.empty(values, np.float32),
        }
        inputs = {name: np.ascontiguousarray(value, np.float32) for name, value in inputs.items()}
        self.bind(inputs, outputs)()
        return {**outputs, "frames": outputs["frames"].reshape(1, -1, layout.frame)}

    def bind(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Callable[[], None]:
        """See `Graph`.

        Raises:
            VoiceError: The sizes do not fit.
        """
        steps, past, view = self._sizes(inputs, outputs)
        arrays = [inputs[name] for name in _READ] + [outputs[name] for name in _MADE]
        call = _DecoderCall(steps, past, view, *(array.ctypes.data for array in arrays))
        run, handle, place = self._functions.decoder_run, self._handle, ctypes.byref(call)

        def step(_alive: object = (self, arrays)) -> None:
            if run(handle, place) < 0:
                raise VoiceError("no memory for the decoder")

        return step

    def empty_states(self) -> dict[str, Array]:
        """See `Graph`: its past comes with each call."""
        return {}

    def width(self, name: str) -> int:
        """See `Graph`."""
        return {"previous_frames": self.layout.frame, "step_input": self.layout.units}.get(name, 0)

    def _sizes(
        self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]
    ) -> tuple[int, int, int]:
        """Steps, past and view of a call, when every array has the size that they ask for."""
        layout, steps = self.layout, inputs["step_input"].shape[1]
        past, view = inputs["self_keys"].shape[2], inputs["memory_keys"].shape[2]
        heads = (layout.layers, layout.heads)
        width = layout.units // layout.heads
        wanted = {
            "previous_frames": (1, steps, layout.frame),
            "step_input": (1, steps, layout.units),
            "self_keys": (*heads, past, width),
            "self_values": (*heads, past, width),
            "self_mask": (steps, past + steps),
            "memory_keys": (*heads, view, width),
            "memory_values": (*heads, view, width),
            "memory_mask": (steps, view),
            "new_keys": (*heads, steps, width),
            "new_values": (*heads, steps, width),
        }
        for name, shape in wanted.items():
            array = inputs[name] if name in inputs else outputs[name]
            _check(name, array, array.shape == shape)
        frames = outputs["frames"]
        _check("frames", frames, frames.size == steps * layout.made)
        if not steps or not view:
            raise VoiceError("the decoder needs a step and a memory")
        return steps, past, view


def _check(name: str, array: Array, fits: bool) -> None:
    plain = array.dtype == np.float32 and array.flags.c_contiguous
    if not fits or not plain:
        raise VoiceError(f"the decoder cannot take {name} {array.dtype} {array.shape}")


def _product(item: Product, arrays: list[Array]) -> _Product:
    inputs, outputs = item.weights.shape
    return _Product(
        _place(item.weights, _BYTES, np.int8, arrays),
        _place(item.weights_step, _FLOATS, np.float32, arrays),
        _place(item.bias, _FLOATS, np.float32, arrays),
        item.step,
        item.zero,
        inputs,
        outputs,
    )


def _place(value: Array, kind: Any, dtype: Any, arrays: list[Array]) -> Any:
    array = np.require(value, dtype, ["C", "ALIGNED"])
    arrays.append(array)
    return array.ctypes.data_as(kind)
