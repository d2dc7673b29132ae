"""A column of intervals drawn on one axis."""

from __future__ import annotations

from collections.abc import Sequence

from abstory import digits
from abstory.metrics import Unit
from abstory.report import bars, cells
from abstory.report.html.figures.intervals import Axis, bar
from abstory.report.html.parts import Column, Kind
from abstory.stats.estimate import Estimate


def drawn(told: Sequence[Estimate | None], unit: Unit | None, mark: float | None = None) -> Column:
    """A bar a row, all on one axis, each with its numbers for whoever cannot see it.

    Args:
        told: one a row; None where there is no interval.
        unit: of differences; None for lifts.
        mark: where the dashed line stands.
    """
    axis = Axis(bars.limit_for([estimate for estimate in told if estimate], mark), mark)
    low, high = (_label(end, unit) for end in (-axis.limit, axis.limit))
    rows = [bar(axis, estimate, _said(estimate, unit)) for estimate in told]
    return Column("interval", rows, Kind.DRAWN, (low, "0", high))


def _label(limit: float, unit: Unit | None) -> str:
    return digits.level(limit) if unit is None else digits.difference(limit, unit)


def _said(estimate: Estimate | None, unit: Unit | None) -> str:
    if estimate is None:
        return "no interval"
    size = digits.lift(estimate.value) if unit is None else cells.size(estimate.value, unit, lift=False)
    return f"{size}, {digits.between(estimate.interval, unit)}"
