"""Intervals as bars on one axis: a bar crosses the zero line exactly when its interval holds zero."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from abstory.report.html.figures.svg import drawing, tag
from abstory.stats.estimate import Estimate

MIDDLE = 50.0
_LEAST = 0.7


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from −limit to +limit, zero in the middle.

    Attributes:
        limit: the value at either end, above 0.
        mark: the value of the dashed line (the MDE), or None.
    """

    limit: float
    mark: float | None = None

    def place(self, value: float) -> float:
        """Per cent of the width, beyond 0 and 100 where the value is; only zero itself has the middle."""
        if value == 0:
            return MIDDLE
        reach = max(-2.0, min(2.0, value / self.limit)) * MIDDLE
        return MIDDLE + (max(_LEAST, reach) if reach > 0 or value > 0 else min(-_LEAST, reach))


def bar(axis: Axis, estimate: Estimate | None, said: str) -> Markup:
    """One row: the lines of the axis and, unless None, the interval as a band with its point.

    The point is filled where the interval leaves zero out; a triangle stands where an end lies beyond the axis.

    Args:
        axis: shared by every row.
        estimate: what is drawn.
        said: the same in words.
    """
    shapes = [] if estimate is None else _band(axis, estimate)
    return drawing(said, "", [*_lines(axis), *shapes], class_="bar")


def reach(share: float, bound: float, said: str) -> Markup:
    """One guardrail on the scale of its margin: the change as a point, the bound as the end of a band.

    Args:
        share: the change over the margin, above 0 on the bad side.
        bound: how bad it could be over the margin.
        said: the same in words.
    """
    axis = Axis(2.0, 1.0)
    low, high = axis.place(share), axis.place(bound)
    point = tag("circle", class_="dot" if bound < 1 else "dot open", cx=_held(low), cy=MIDDLE, r="4.5")
    return drawing(said, "", [*_lines(axis), *_stroke(low, high), point], class_="bar")


def _lines(axis: Axis) -> list[Markup]:
    lines = [tag("line", class_="zero", x1=MIDDLE, x2=MIDDLE, y2=100.0)]
    if axis.mark and 0 <= (at := axis.place(axis.mark)) <= 100:
        lines.append(tag("line", class_="mark", x1=at, x2=at, y2=100.0))
    return lines


def _band(axis: Axis, estimate: Estimate) -> list[Markup]:
    low, high = axis.place(estimate.interval.low), axis.place(estimate.interval.high)
    at = min(max(axis.place(estimate.value), low), high)
    apart = estimate.interval.excludes(0.0)
    point = tag("circle", class_="dot" if apart else "dot open", cx=_held(at), cy=MIDDLE, r="4.5")
    return [*_stroke(low, high), *([point] if 0 <= at <= 100 else [])]


def _stroke(low: float, high: float) -> list[Markup]:
    band = tag("line", class_="ci", x1=_held(low), x2=_held(high), y1=MIDDLE, y2=MIDDLE)
    return [band, *_beyond(low, high)]


def _beyond(low: float, high: float) -> list[Markup]:
    ends = [("◂", 0.0, "start")] * (low < 0) + [("▸", 100.0, "end")] * (high > 100)
    return [tag("text", arrow, x=x, y=MIDDLE, text_anchor=anchor, dy=".35em") for arrow, x, anchor in ends]


def _held(place: float) -> float:
    return min(max(place, 0.0), 100.0)
