"""Counts over time as columns that stand on zero."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from abstory.report.html.figures.svg import drawing, tag

_FILLED = 0.82


def columns(title: str, desc: str, bars: Sequence[tuple[int, str]]) -> Markup:
    """Columns of equal width from the left, the highest as high as the drawing.

    Args:
        title: of the drawing.
        desc: what is to be seen in it.
        bars: how high (0 or more), and what is said of each.
    """
    highest = max((value for value, _ in bars), default=0) or 1
    step = 100 / max(len(bars), 1)
    shapes = [_column(at * step, step, 100 * value / highest, said) for at, (value, said) in enumerate(bars)]
    return drawing(title, desc, shapes, class_="plot")


def _column(left: float, step: float, height: float, said: str) -> Markup:
    gap = step * (1 - _FILLED) / 2
    where = {"x": left + gap, "y": 100 - height, "width": step * _FILLED, "height": height}
    return tag("rect", tag("title", said), class_="col", **where)
