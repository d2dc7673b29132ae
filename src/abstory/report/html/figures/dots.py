"""Values as dots on one axis, with a line at the middle one."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from markupsafe import Markup

from abstory.report.html.figures.svg import drawing, tag

MIDDLE = 50.0


def dots(ends: tuple[float, float], values: Sequence[float], said: str) -> Markup:
    """One row.

    Args:
        ends: values at the left and the right end, shared by every row.
        values: at least one, within the ends.
        said: the same in words.
    """
    middle = _place(statistics.median(values), ends)
    line = tag("line", class_="zero", x1=middle, x2=middle, y1=10.0, y2=90.0)
    points = [tag("circle", class_="post", cx=_place(value, ends), cy=MIDDLE, r="3.5") for value in sorted(values)]
    return drawing(said, "", [line, *points], class_="bar")


def _place(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return 100 * (value - low) / (high - low) if high > low else MIDDLE
