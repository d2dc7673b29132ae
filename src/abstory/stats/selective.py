"""Many exploratory comparisons: which to name, and intervals that stay honest for those that were named.

Benjamini & Yekutieli, JASA 2005;100:71: of the intervals shown because their comparison was selected, at most q miss
on average, if each is made at level q · selected / all. With Benjamini & Hochberg's selection they exclude 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from abstory.stats.multiplicity import benjamini_hochberg
from abstory.stats.reading import Reading, within_unit

_R = TypeVar("_R", bound=Reading)


def selected(p: Sequence[float], q: float) -> tuple[bool, ...]:
    """Which comparisons Benjamini & Hochberg name at false discovery rate `q`, in (0, 1)."""
    within_unit(q)
    return tuple(value <= q for value in benjamini_hochberg(p))


def false_coverage_level(p: Sequence[float], q: float) -> float:
    """The error rate of each named comparison's interval; with none named, that of the first to be."""
    return q * max(1, sum(selected(p, q))) / max(1, len(p))


def false_coverage_reading(reading: _R, p: Sequence[float], q: float) -> _R:
    """`reading` at the level of the named comparisons' intervals."""
    return reading.at(false_coverage_level(p, q))
