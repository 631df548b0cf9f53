"""Where a number lies on an axis, and which round numbers to write beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A linear axis from `low` to `high`."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Where `value` lies, from 0 at the low end to 1 at the high end; kept inside."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def ticks(self, most: int = 6) -> list[float]:
        """At most `most` round numbers (steps of 1, 2 or 5 times a power of ten) inside the axis."""
        span = self.high - self.low
        step = 10.0 ** math.floor(math.log10(span / most))
        step *= next(m for m in (1.0, 2.0, 5.0, 10.0, 20.0) if span / (m * step) <= most - 1)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]


def scale_of(values: Iterable[float], include: Iterable[float] = (), margin: float = 0.04) -> Scale:
    """An axis that holds all `values` and those of `include`, with a margin of its span on both sides."""
    held = [*values, *include] or [0.0]
    low, high = min(held), max(held)
    pad = margin * (high - low) or max(1.0, abs(high)) * 0.5
    return Scale(low - pad, high + pad)


def short(value: float) -> str:
    """A tick's label: 500k, 2M, 0.25, −3."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}".replace("-", "−")
    return f"{round(value, 9):.4g}".replace("-", "−")
