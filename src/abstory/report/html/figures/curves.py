"""Lines over an axis, each with its band of uncertainty: colour and dash both tell one from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from abstory.report.html.figures.svg import drawing, number, stretched, tag

STROKES = 6
"""Kinds of stroke that can be told apart."""

_BESIDE = 10


@dataclass(frozen=True, slots=True)
class Point:
    """One place of a line: where it is drawn, and between which ends it may lie; none where they are None."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One series, its points from left to right.

    Attributes:
        name: what the legend calls it.
        points: at least one.
        stroke: 1 to `STROKES`.
    """

    name: str
    points: Sequence[Point]
    stroke: int

    @property
    def style(self) -> str:
        return f"s{self.stroke}"


@dataclass(frozen=True, slots=True)
class Plane:
    """What of the world the drawing shows: x from `left` to `right`, y from `bottom` to `top`."""

    left: float
    right: float
    bottom: float
    top: float

    def x(self, value: float) -> float:
        """Per cent from the left."""
        return 100 * (value - self.left) / ((self.right - self.left) or 1.0)

    def y(self, value: float) -> float:
        """Per cent from the top, held inside: an end may be infinite."""
        share = (value - self.bottom) / ((self.top - self.bottom) or 1.0)
        return 100 * (1 - min(max(share, 0.0), 1.0))


def plane(lines: Sequence[Line], *, zero: bool) -> Plane:
    """The plane of every point and of most bands; with `zero`, that is in it too."""
    points = [point for line in lines for point in line.points]
    ys = [point.y for point in points] + [0.0] * zero
    ends = [end for point in points for end in (point.low, point.high) if end is not None and abs(end) < float("inf")]
    reach = (max(ys) - min(ys)) or abs(max(ys)) or 1.0
    # The first points of a line that fills up have bands wide enough to flatten all that follows.
    bottom = max(min([*ys, *ends]), min(ys) - reach)
    top = min(max([*ys, *ends]), max(ys) + reach)
    xs = [point.x for point in points]
    return Plane(min(xs), max(xs), bottom, top)


def curves(title: str, desc: str, shown: Plane, lines: Sequence[Line]) -> Markup:
    """Every line over its band, with the zero line where the plane holds it.

    Args:
        title: of the drawing.
        desc: what is to be seen in it.
        shown: the plane.
        lines: the first is drawn last, on top.
    """
    zero = _zero(shown) if shown.bottom <= 0 <= shown.top else []
    bands = [_band(shown, line) for line in lines]
    strokes = [_stroke(shown, line) for line in reversed(lines)]
    dots = [dot for line in lines if len(line.points) <= 2 for dot in _dots(shown, line)]
    return drawing(title, desc, [*zero, stretched(*filter(None, bands), *strokes), *dots], class_="plot")


def _zero(shown: Plane) -> list[Markup]:
    at = shown.y(0.0)
    # At an end of the axis the label of that end says it.
    label = tag("text", "0", class_="tick", x="-8", y=at, text_anchor="end", dy=".35em")
    return [tag("line", class_="zero", x2=100.0, y1=at, y2=at), *([label] if _BESIDE < at < 100 - _BESIDE else [])]


def _band(shown: Plane, line: Line) -> Markup:
    ends = [(p.x, p.low, p.high) for p in line.points if p.low is not None and p.high is not None]
    if len(ends) < 2:
        return Markup()
    under = [_pair(shown, x, low) for x, low, _ in ends]
    over = [_pair(shown, x, high) for x, _, high in reversed(ends)]
    return tag("polygon", class_=f"band {line.style}", points=" ".join(under + over))


def _stroke(shown: Plane, line: Line) -> Markup:
    places = " ".join(_pair(shown, point.x, point.y) for point in line.points)
    return tag("polyline", class_=f"line {line.style}", points=places)


def _dots(shown: Plane, line: Line) -> list[Markup]:
    return [tag("circle", class_=f"node {line.style}", cx=shown.x(p.x), cy=shown.y(p.y), r="4") for p in line.points]


def _pair(shown: Plane, x: float, y: float) -> str:
    return f"{number(shown.x(x))},{number(shown.y(y))}"
