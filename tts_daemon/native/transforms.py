"""Writes `transforms.h`: the input and output transforms of fast convolution, line by line.

m outputs of a filter of r taps need m + r - 1 multiplications instead of m x r: both are taken as
polynomials and evaluated at as many points (Toom-Cook; in two dimensions known as Winograd's).
Points come in pairs +p and -p, whose even and odd parts are shared. Only small fractions near 1
keep FP32 exact enough: the sets below were found by search, and give 97 to 110 dB.

Source: Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks"; Blahut 2010, "Fast
Algorithms for Signal Processing".
Letters: m outputs, r taps, n = m + r - 1 points (the last one is infinity), h pairs of points.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from fractions import Fraction
from math import sqrt

OUTPUTS = 8
_POINTS = {
    3: ("6/5", "3/4", "2", "2/5"),
    7: ("1/4", "2/3", "3", "6/5", "3/2", "4/5"),
    11: ("1/4", "1/2", "4", "4/3", "7/8", "3/4", "2", "1"),
}
"""Taps -> the positive ones of the points beside 0 and infinity."""

TAPS = tuple(_POINTS)

Matrix = list[list[float]]


def header() -> str:
    """The text of the file."""
    lines = ["/* Written by transforms.py. */", f"#define OUTPUTS {OUTPUTS}"]
    for taps in TAPS:
        lines += _transform(taps)
    cases = " ".join(f"CASE({taps})" for taps in TAPS)
    return "\n".join([*lines, f"#define EVERY_TAPS {cases}", ""])


def matrices(taps: int) -> tuple[Matrix, Matrix, Matrix]:
    """What makes outputs [m, n], filters [n, r] and inputs [n, n]: y = A ((G g) * (B d)).

    Rows of B and columns of A have length 1; G, which is applied once, takes what is left.
    """
    points = _points(taps)
    outputs = [[p**row for p in points] + [Fraction(row == OUTPUTS - 1)] for row in range(OUTPUTS)]
    filters, inputs = [], []
    for index, point in enumerate(points):
        others = points[:index] + points[index + 1 :]
        norm = Fraction(1)
        for other in others:
            norm *= point - other
        filters.append([point**tap / norm for tap in range(taps)])
        inputs.append([*_polynomial(others), Fraction(0)])
    filters.append([Fraction(tap == taps - 1) for tap in range(taps)])
    inputs.append(_polynomial(points))
    in_sizes = [sqrt(sum(value**2 for value in row)) for row in inputs]
    out_sizes = [sqrt(sum(value**2 for value in column)) for column in zip(*outputs, strict=True)]
    sizes = [a * b for a, b in zip(in_sizes, out_sizes, strict=True)]
    return (
        [[value / size for value, size in zip(row, out_sizes, strict=True)] for row in outputs],
        [[value * size for value in row] for row, size in zip(filters, sizes, strict=True)],
        [[value / size for value in row] for row, size in zip(inputs, in_sizes, strict=True)],
    )


def _points(taps: int) -> list[Fraction]:
    pairs = [Fraction(text) * sign for text in _POINTS[taps] for sign in (1, -1)]
    return [Fraction(0), *pairs]


def _polynomial(roots: list[Fraction]) -> list[Fraction]:
    """Coefficients of the product of (x - root), lowest first."""
    made = [Fraction(1)]
    for root in roots:
        shifted, scaled = [Fraction(0), *made], [*(root * value for value in made), Fraction(0)]
        made = [high - low for high, low in zip(shifted, scaled, strict=True)]
    return made


def _transform(taps: int) -> Iterator[str]:
    outputs, filters, inputs = matrices(taps)
    values = ", ".join(repr(value) for row in filters for value in row)
    yield f"static const double FILTERS_{taps}[] = {{{values}}};"
    yield from _input_transform(taps, inputs)
    yield from _output_transform(taps, outputs)


def _input_transform(taps: int, matrix: Matrix) -> Iterator[str]:
    """Place k of a tile stands at w + k x step, point i goes to v + i x apart."""
    count = len(matrix)
    yield f"INLINE void points_of_{taps}(const float *w, size_t step, float *v, size_t apart) {{"
    yield "\n".join(f"vec d{k} = load(w + {k} * step);" for k in range(count))
    for pair, text in enumerate(_POINTS[taps]):
        row, point = 1 + 2 * pair, float(Fraction(text))
        weights = [matrix[row][k] for k in range(2, count, 2)]  # of the odd places: p times these
        yield f"{{ {_constants([*weights, point])}"
        yield _sum("e", [f"d{k}" for k in range(2, count, 2)], weights)
        yield _sum("q", [f"d{k}" for k in range(1, count - 1, 2)], weights)
        last = _factor(len(weights), point)
        yield f"store(v + {row} * apart, PLUS(e, q, {last}));"
        yield f"store(v + {row + 1} * apart, MINUS(e, q, {last})); }}"
    for row, first in ((0, 0), (count - 1, 1)):
        weights = [matrix[row][k] for k in range(first, count, 2)]
        yield f"{{ {_constants(weights)}"
        yield _sum("e", [f"d{k}" for k in range(first, count, 2)], weights)
        yield f"store(v + {row} * apart, e); }}"
    yield "}"


def _output_transform(taps: int, matrix: Matrix) -> Iterator[str]:
    """Point i is read at v + i x apart; even outputs need sums of pairs, odd ones differences."""
    count = len(matrix[0])
    pairs = range(1, count - 1, 2)
    yield f"INLINE void outputs_of_{taps}(const float *v, size_t apart, vec *y) {{"
    for first, sign in ((0, "+"), (1, "-")):
        yield "{"
        for k in pairs:
            yield f"vec s{k} = load(v + {k} * apart) {sign} load(v + {k + 1} * apart);"
        for row in range(first, OUTPUTS, 2):
            values, weights = [f"s{k}" for k in pairs], [matrix[row][k] for k in pairs]
            for end in [0] * (row == 0) + [count - 1] * (row == OUTPUTS - 1):
                values.append(f"load(v + {end} * apart)")
                weights.append(matrix[row][end])
            yield f"{{ {_constants(weights)} {_sum('e', values, weights)} y[{row}] = e; }}"
        yield "}"
    yield "}"


def _sum(name: str, values: list[str], weights: list[float]) -> str:
    """The weighted sum of some vectors."""
    lines = [f"vec {name} = TIMES({values[0]}, {_factor(0, weights[0])});"]
    for index, value in enumerate(values[1:], 1):
        lines.append(f"{name} = PLUS({name}, {value}, {_factor(index, weights[index])});")
    return " ".join(lines)


def _constants(values: list[float]) -> str:
    """Four a register, for processors that multiply by a part of one."""
    padded = [*values, *[0.0] * (-len(values) % 4)]
    fours = [padded[index : index + 4] for index in range(0, len(padded), 4)]
    return " ".join(
        f"CONSTANTS(c{index}, {', '.join(map(_literal, four))})" for index, four in enumerate(fours)
    )


def _factor(index: int, value: float) -> str:
    return f"c{index // 4}, {index % 4}, {_literal(value)}"


def _literal(value: float) -> str:
    """The FP32 number nearest to it."""
    (nearest,) = struct.unpack("f", struct.pack("f", value))
    return f"{nearest!r}f"


if __name__ == "__main__":
    sys.stdout.write(header())
