"""What a campaign counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.

    Attributes:
        name: What was counted.
        value: The number.
        most: What was promised: no more than this; None where nothing is.
        unit: Behind the number.
    """

    name: str
    value: float
    most: float | None = None
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether the promise was kept."""
        return self.most is None or self.value <= self.most

    def __str__(self) -> str:
        digits = f"{self.value:,.0f}" if self.value == int(self.value) else f"{self.value:,.1f}"
        return f"{digits}{' ' if self.unit else ''}{self.unit}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed; 0 where there are none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(percent / 100 * len(ranked)))] if ranked else 0.0
