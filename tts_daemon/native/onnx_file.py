"""Reads what a graph's file says: nodes and constants, without a library for it.

The runtime has ONNX Runtime, which plays a graph and does not show its weights. The file is plain
protobuf: numbered fields, of which these are the few that our graphs need.

Source: onnx.proto of ONNX 1.17 (field numbers), the encoding page of Protocol Buffers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import VoiceError

Array: TypeAlias = NDArray[Any]

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_TYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8"}

Value = int | memoryview


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes:
        kind: Such as `Conv`.
        name: Of the layer.
        inputs: Names of values.
        outputs: Names of values.
        numbers: Attributes that are whole numbers or lists of them.
        reals: Attributes that are real numbers, such as the slope of a rectifier.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: dict[str, tuple[int, ...]]
    reals: dict[str, float]


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """Nodes in their order, and constants by name (which share one copy of the file)."""

    nodes: tuple[Node, ...]
    constants: dict[str, Array]


def read(path: Path) -> OnnxFile:
    """Read one.

    Raises:
        VoiceError: It cannot be read, or is no ONNX file.
    """
    try:
        fields = _fields(memoryview(path.read_bytes()))
        graph = next(_part(value) for number, value in fields if number == 7)
        nodes, constants = [], {}
        for number, value in _fields(graph):
            if number == 1:
                nodes.append(_node(_part(value)))
            elif number == 5:
                name, constant = _constant(_part(value))
                constants[name] = constant
    except OSError as error:
        raise VoiceError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, IndexError, KeyError, TypeError, StopIteration) as error:
        raise VoiceError(f"{path}: is no graph; `tts-voices verify` tells more") from error
    return OnnxFile(tuple(nodes), constants)


def _fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Number and value of each field of a message."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind)
        if kind == _LENGTH:
            size, place = _varint(data, place)
        if size is None or place + size > len(data):
            raise ValueError("a field that does not end")
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A whole number, seven bits a byte, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, place
        if shift > 63:
            raise ValueError("a number that does not end")


def _part(value: Value) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where a message is expected")
    return value


def _text(value: Value) -> str:
    return str(_part(value), "utf-8")


def _whole(value: Value) -> int:
    """A signed number, which is written as the unsigned one of 64 bits."""
    if not isinstance(value, int):
        raise ValueError("a message where a number is expected")
    return value - (1 << 64) if value >> 63 else value


def _wholes(value: Value) -> list[int]:
    """One number, or several packed into one field."""
    if isinstance(value, int):
        return [_whole(value)]
    made, place = [], 0
    while place < len(value):
        number, place = _varint(value, place)
        made.append(_whole(number))
    return made


def _node(data: memoryview) -> Node:
    inputs, outputs, name, kind = [], [], "", ""
    numbers: dict[str, tuple[int, ...]] = {}
    reals: dict[str, float] = {}
    for number, value in _fields(data):
        if number == 1:
            inputs.append(_text(value))
        elif number == 2:
            outputs.append(_text(value))
        elif number == 3:
            name = _text(value)
        elif number == 4:
            kind = _text(value)
        elif number == 5:
            attribute, wholes, real = _attribute(_part(value))
            numbers[attribute], reals[attribute] = wholes, real
    return Node(kind, name, tuple(inputs), tuple(outputs), numbers, reals)


def _attribute(data: memoryview) -> tuple[str, tuple[int, ...], float]:
    name, wholes, real = "", list[int](), 0.0
    for number, value in _fields(data):
        if number == 1:
            name = _text(value)
        elif number == 2:
            real = float(np.frombuffer(_part(value), "<f4")[0])
        elif number in (3, 8):
            wholes += _wholes(value)
    return name, tuple(wholes), real


def _constant(data: memoryview) -> tuple[str, Array]:
    shape, wholes, name, kind = list[int](), list[int](), "", 0
    raw: memoryview | None = None
    for number, value in _fields(data):
        if number == 1:
            shape += _wholes(value)
        elif number == 2:
            kind = _whole(value)
        elif number in (5, 7):
            wholes += _wholes(value)
        elif number == 8:
            name = _text(value)
        elif number in (4, 9):  # floats are packed as they are
            raw = _part(value)
    if raw is None:
        return name, np.array(wholes, _TYPES[kind]).reshape(shape)
    return name, np.frombuffer(raw, _TYPES[kind]).reshape(shape)
