"""Several comparisons: Bonferroni as a reading, and adjusted p values as plain functions.

The six adjustments are those of R's `p.adjust`. Each takes p values in [0, 1] and gives as many adjusted ones,
in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Self

from abstory.stats.moments import Sample, Tally
from abstory.stats.reading import Reading, agreed


@dataclass(frozen=True)
class Bonferroni:
    """Any reading, shared by a family: each comparison is read at alpha / family, and p is multiplied by family.

    For an always-valid base the level goes into c_N and ρ² stays that of the whole family's alpha (see
    `AlwaysValid`), so p · family < alpha and |T| > critical remain one statement.

    Attributes:
        base: the reading at the family's alpha.
        family: number of comparisons, >= 1.
    """

    base: Reading
    family: int

    def __post_init__(self) -> None:
        if self.family < 1:
            raise ValueError(f"a family has at least one comparison, not {self.family}")

    @property
    def name(self) -> str:
        return self.base.name

    @property
    def alpha(self) -> float:
        return self.base.alpha

    @cached_property
    def each(self) -> Reading:
        return self.base.at(self.alpha / self.family)

    def critical(self, n: int, df: float) -> float:
        return self.each.critical(n, df)

    def p_value(self, statistic: float, n: int, df: float) -> float:
        p = min(1.0, self.family * self.base.p_value(statistic, n, df))
        return agreed(p, statistic, self, n, df)

    def at(self, alpha: float) -> Self:
        return replace(self, base=self.base.at(alpha))

    def lacks(self, arm: Tally | Sample) -> str:
        return self.base.lacks(arm)


def bonferroni(p: Sequence[float]) -> tuple[float, ...]:
    """Each times their number: family-wise error under any dependence."""
    return _capped(len(p) * value for value in p)


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """Step-down Bonferroni, family-wise error under any dependence (Holm, Scand J Stat 1979;6:65)."""
    return _stepped_down(p, lambda rank, count: count - rank + 1)


def hochberg(p: Sequence[float]) -> tuple[float, ...]:
    """Step-up of Holm's factors, for independent or positively dependent p (Hochberg, Biometrika 1988;75:800)."""
    return _stepped_up(p, lambda rank, count: count - rank + 1)


def benjamini_hochberg(p: Sequence[float]) -> tuple[float, ...]:
    """False discovery rate, independent or positively dependent p (Benjamini & Hochberg, JRSS B 1995;57:289)."""
    return _stepped_up(p, lambda rank, count: count / rank)


def benjamini_yekutieli(p: Sequence[float]) -> tuple[float, ...]:
    """False discovery rate under any dependence (Benjamini & Yekutieli, Annals of Statistics 2001;29:1165)."""
    harmonic = math.fsum(1 / rank for rank in range(1, len(p) + 1))
    return _stepped_up(p, lambda rank, count: harmonic * count / rank)


def hommel(p: Sequence[float]) -> tuple[float, ...]:
    """Closed Simes test, for independent or positively dependent p (Hommel, Biometrika 1988;75:383).

    The algorithm of Wright, Biometrics 1992;48:1005, appendix.
    """
    count, order = len(p), sorted(range(len(p)), key=p.__getitem__)
    ranked = [p[index] for index in order]
    adjusted = list(ranked)
    for size in range(count, 1, -1):
        head = count - size + 1
        least = min(size * value / rank for rank, value in enumerate(ranked[head:], start=2))
        simes = [min(size * value, least) for value in ranked[:head]]
        raised = simes + [max(simes[-1], min(least, size * value)) for value in ranked[head:]]
        adjusted = [max(pair) for pair in zip(adjusted, raised, strict=True)]
    return _restored(adjusted, order)


ADJUSTMENTS: dict[str, Callable[[Sequence[float]], tuple[float, ...]]] = {
    "bonferroni": bonferroni,
    "holm": holm,
    "hochberg": hochberg,
    "hommel": hommel,
    "BH": benjamini_hochberg,
    "BY": benjamini_yekutieli,
}

_Factor = Callable[[int, int], float]


def _stepped_down(p: Sequence[float], factor: _Factor) -> tuple[float, ...]:
    order = sorted(range(len(p)), key=p.__getitem__)
    scaled = (factor(rank, len(p)) * p[index] for rank, index in enumerate(order, start=1))
    return _restored(accumulate(scaled, max), order)


def _stepped_up(p: Sequence[float], factor: _Factor) -> tuple[float, ...]:
    order = sorted(range(len(p)), key=p.__getitem__, reverse=True)
    scaled = (factor(len(p) - place, len(p)) * p[index] for place, index in enumerate(order))
    return _restored(accumulate(scaled, min), order)


def _restored(values: Iterable[float], order: Sequence[int]) -> tuple[float, ...]:
    by_index = dict(zip(order, values, strict=True))
    return _capped(by_index[index] for index in range(len(order)))


def _capped(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(min(1.0, value) for value in values)
