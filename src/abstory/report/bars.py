"""Intervals drawn in character cells: a bar covers the zero column exactly when its interval holds zero.

−8%      0      +8%
         │ ┊  ├─●─▸
        ├┼─○─┤
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from abstory.stats.estimate import Estimate

LEAST = 15
MOST = 41
_FINEST, _WIDEST = 1e-4, 10.0
_STEPS = (1.0, 2.0, 3.0, 4.0, 5.0, 8.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from −limit to +limit over an odd number of columns, zero in the middle.

    Attributes:
        limit: the value at either end, above 0.
        width: columns, odd, at least 3.
        mark: the value of the dotted line (the MDE), or None.
    """

    limit: float
    width: int
    mark: float | None = None

    @property
    def zero(self) -> int:
        return self.width // 2

    def column(self, value: float) -> int:
        """The column of a value, beyond the axis where the value is; only zero itself has the zero column."""
        if value == 0:
            return self.zero
        steps = max(-2.0 * self.width, min(2.0 * self.width, value / self.limit * self.zero))
        return self.zero + (max(1, round(steps)) if value > 0 else min(-1, round(steps)))

    def head(self, low: str, high: str) -> str:
        """The axis' own labels: `low` at the left, 0 over the zero line, `high` at the right."""
        left = f"{low:<{self.zero}}0"
        return left + f"{high:>{self.width - len(left)}}"


def limit_for(estimates: Iterable[Estimate], mark: float | None = None) -> float:
    """A round limit that holds every point and most interval ends (an unbounded or far end runs off the axis)."""
    points = [abs(e.value) for e in estimates]
    ends = sorted(abs(end) for e in estimates for end in (e.interval.low, e.interval.high) if math.isfinite(end))
    typical = ends[(3 * len(ends)) // 4] if ends else 0.0
    wanted = max([typical, *(p * 1.05 for p in points if math.isfinite(p)), 2 * abs(mark or 0.0)])
    return min(_round_up(max(wanted, _FINEST)), _WIDEST) if wanted > 0 else 0.01


def draw(axis: Axis, estimate: Estimate | None) -> str:
    """One row: the lines of the axis and, unless None, the interval with its point.

    The point is ● where the interval leaves zero out and ○ where it does not; ▸ and ◂ stand where an end
    lies beyond the axis.
    """
    cells = _lines(axis)
    if estimate is not None:
        _lay(cells, axis, estimate)
    return "".join(cells)


def _lines(axis: Axis) -> list[str]:
    cells = [" "] * axis.width
    if axis.mark and 0 <= (at := axis.column(axis.mark)) < axis.width:
        cells[at] = "┊"
    cells[axis.zero] = "│"
    return cells


def _lay(cells: list[str], axis: Axis, estimate: Estimate) -> None:
    low, high = axis.column(estimate.interval.low), axis.column(estimate.interval.high)
    last = axis.width - 1
    for at in range(max(low, 0), min(high, last) + 1):
        cells[at] = "┼" if at == axis.zero else "─"
    _end(cells, low, "├")
    _end(cells, high, "┤")
    point = min(max(axis.column(estimate.value), low), high)
    if 0 <= point <= last:
        cells[point] = "●" if estimate.interval.excludes(0) else "○"
    if low < 0:
        cells[0] = "◂"
    if high > last:
        cells[last] = "▸"


def _end(cells: list[str], at: int, glyph: str) -> None:
    if 0 <= at < len(cells):
        cells[at] = glyph


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in _STEPS if step * power >= value), 10 * power)
