"""Quantiles of rows that come several to a viewer, from a histogram and two counts a viewer.

Woodruff, JASA 1952;47:635: an interval for the share of rows at or below the quantile, turned back through the
distribution; no density to estimate. The share's error takes the viewer as unit, as a ratio of sums does: rows at or
below Q over rows (Deng, Knoblich & Lu, KDD 2018, section 4).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Adjusted
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined
from abstory.stats.moments import Moments, Sample
from abstory.stats.ratios import ratio_sample
from abstory.stats.reading import Reading

FEWEST_VIEWERS = 100
FEWEST_BEYOND = 5
FEWEST_VALUES = 20
_NEAR = 5.0
_TIES = 1e-12
AT_OR_BELOW, ROWS = "at or below", "rows"


@dataclass(frozen=True, slots=True)
class Histogram:
    """Values in increasing order, and how many rows have each; bins by their edge."""

    values: tuple[float, ...]
    rows: tuple[int, ...]
    cumulated: tuple[int, ...]

    @classmethod
    def of(cls, counts: Mapping[float, int]) -> Histogram:
        """From rows by value; values without rows are left out."""
        values = tuple(sorted(value for value, rows in counts.items() if rows > 0))
        rows = tuple(counts[value] for value in values)
        return cls(values, rows, tuple(accumulate(rows)))

    @property
    def total(self) -> int:
        """All rows."""
        return self.cumulated[-1] if self.cumulated else 0

    def quantile(self, share: float) -> float:
        """The least value with at least `share` of the rows at or below it (type 1 of Hyndman & Fan 1996)."""
        wanted = min(max(share, 0.0), 1.0) * self.total
        place = bisect_left(self.cumulated, wanted - _TIES * self.total)
        return self.values[min(place, len(self.values) - 1)]

    def share_at(self, value: float) -> float:
        """Of rows at or below a value of the histogram."""
        return self.cumulated[bisect_left(self.values, value)] / self.total


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of rows in one arm.

    Attributes:
        estimate: with Woodruff's interval.
        viewers: whose rows they are.
        share: of rows at or below it.
        share_error: its standard error, by viewer.
        error: of the quantile: the interval's width over twice the critical value.
    """

    estimate: Estimate
    viewers: int
    share: float
    share_error: float
    error: float


def woodruff(histogram: Histogram, q: float, share: Sample, critical: float) -> Quantile:
    """[F⁻¹(F̂(Q) − critical · se), F⁻¹(F̂(Q) + critical · se)], where it can be trusted or not (see `quantile`).

    Args:
        histogram: of all rows, at least one.
        q: in (0, 1).
        share: rows at or below `histogram.quantile(q)` over rows, per viewer (`share_of_rows`).
        critical: > 0.
    """
    error = math.sqrt(share.variance / share.n)
    value = histogram.quantile(q)
    interval = Interval(
        histogram.quantile(share.mean - critical * error), histogram.quantile(share.mean + critical * error)
    )
    return Quantile(
        Estimate(value, interval), share.n, share.mean, error, (interval.high - interval.low) / (2 * critical)
    )


def quantile(histogram: Histogram, q: float, share: Sample, critical: float) -> Quantile | Undetermined:
    """`woodruff` where it holds.

    Returns:
        NO_VIEWERS without rows; TOO_FEW below 100 viewers or where fewer than 5 of them are expected beyond the
        quantile; NO_VARIATION where fewer than 20 distinct values lie within 5 standard errors of its share, so that
        ties decide the interval.
    """
    if not histogram.total or not share.n:
        return Undetermined(Reason.NO_VIEWERS)
    if share.n < FEWEST_VIEWERS or min(q, 1 - q) * share.n < FEWEST_BEYOND:
        return Undetermined(Reason.TOO_FEW, f"{share.n} viewers for the {q:.4g} quantile")
    found = woodruff(histogram, q, share, critical)
    near = woodruff(histogram, q, share, _NEAR).estimate.interval
    distinct = bisect_left(histogram.values, near.high) - bisect_left(histogram.values, near.low) + 1
    if distinct < FEWEST_VALUES:
        return Undetermined(Reason.NO_VARIATION, f"{distinct} distinct values near the {q:.4g} quantile")
    return found


def compare_quantiles(treatment: Quantile, control: Quantile, reading: Reading) -> Effect | Undetermined:
    """D ± critical · √(se_t² + se_c²), and Fieller's lift at the same critical value.

    Both were made at one critical value, best the reading's own; degrees of freedom are infinite.

    Returns:
        TOO_EARLY where the reading lacks viewers, NO_VARIATION where both intervals are points.
    """
    arms = (_of_viewers(treatment), _of_viewers(control))
    values = treatment.estimate.value, control.estimate.value
    two = Adjusted(arms, *values, treatment.error**2, control.error**2, 0.0, math.inf)
    return compare_adjusted(two, reading, method="woodruff")


def _of_viewers(found: Quantile) -> Sample:
    return Sample(found.viewers, found.estimate.value, found.error**2 * found.viewers)


def share_of_rows(counts: Iterable[tuple[int, int]]) -> Sample | Undetermined:
    """Rows at or below a value over rows, from (rows at or below, rows) of each viewer."""
    pairs = list(counts)
    sums = {AT_OR_BELOW: sum(low for low, _ in pairs), ROWS: sum(rows for _, rows in pairs)}
    products = {
        (AT_OR_BELOW, AT_OR_BELOW): sum(low * low for low, _ in pairs),
        (AT_OR_BELOW, ROWS): sum(low * rows for low, rows in pairs),
        (ROWS, ROWS): sum(rows * rows for _, rows in pairs),
    }
    return ratio_sample(Moments.from_sums(len(pairs), sums, products), AT_OR_BELOW, ROWS)
