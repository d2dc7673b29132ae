"""How long views were watched, by variant, as the roll-up answers it for quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abstory.simulate.play import Acts
from abstory.stats.moments import Moments
from abstory.stats.quantiles import AT_OR_BELOW, ROWS, Histogram
from abstory.warehouse.base import RollUp, Watched

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
    Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]


def watched(acts: Acts, among: Bools, question: RollUp) -> dict[int, Watched]:
    """By arm's place; nothing where no quantile is asked for.

    Args:
        acts: of every viewer.
        among: which viewers count.
        question: whose arms and quantiles.
    """
    if not question.quantiles:
        return {}
    arms = range(len(question.arms))
    return {arm: _watched(acts, among & (acts.variant == arm), question.quantiles) for arm in arms}


def _watched(acts: Acts, among: Bools, quantiles: tuple[float, ...]) -> Watched:
    import numpy as np

    inside = among[acts.viewer]
    viewer, watch = acts.viewer[inside], acts.watch_ms[inside]
    values, rows = np.unique(watch, return_counts=True)
    views = dict(zip(values.tolist(), rows.tolist(), strict=True))
    if not views:
        return Watched({}, {})
    histogram = Histogram.of({float(value): count for value, count in views.items()})
    rows_each = np.bincount(viewer, minlength=len(acts.variant))[among]
    low = {q: np.bincount(viewer[watch <= histogram.quantile(q)], minlength=len(acts.variant)) for q in quantiles}
    return Watched(views, {q: _moments(counts[among], rows_each) for q, counts in low.items()})


def _moments(low: Ints, rows: Ints) -> Moments:
    """Every viewer has a view."""
    sums = {AT_OR_BELOW: int(low.sum()), ROWS: int(rows.sum())}
    products = {
        (AT_OR_BELOW, AT_OR_BELOW): int((low * low).sum()),
        (AT_OR_BELOW, ROWS): int((low * rows).sum()),
        (ROWS, ROWS): int((rows * rows).sum()),
    }
    return Moments.from_sums(len(low), sums, products)
