"""Resampling viewers without visiting them: how often each distinct cell is drawn is one multinomial draw.

The nonparametric bootstrap (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 6) draws n of n viewers
with replacement. Viewers with equal measures are interchangeable, so drawing viewers is drawing how many of each cell:
multinomial(n, viewers of the cell / n), exactly, at the cost of the cells and whatever n. It is a cross-check of the
formulas, and the fallback for a smooth function of means that has none.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from abstory.stats.estimate import Estimate, Interval, Reason, Undetermined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_UNITS = 100
FEWEST_DECIDING = 5
VIEWERS = "viewers"
_BLOCK = 1 << 20
_ROUNDING = 1e-14
_normal = NormalDist()

Statistic = Callable[[Mapping[str, "Floats"]], "Floats"]
"""From the means per unit, by measure, to a number a row; smooth, elementwise. `VIEWERS` is a measure too."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Distinct tuples of measures in increasing order, and how many units have each: one value per set of viewers.

    Attributes:
        names: the measures, `VIEWERS` (how many viewers a unit is) the last.
        values: of each cell, integers as the warehouse counts them.
        counts: units of each cell, > 0.
    """

    names: tuple[str, ...]
    values: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, names: Sequence[str], cells: Iterable[tuple[Sequence[int], int]]) -> Cells:
        """From (measures, viewers that have them), in any order; equal cells are one, empty ones none.

        Raises:
            ValueError: a cell without one measure per name, or with fewer than 0 viewers.
        """
        return _sorted(names, (((*measures, 1), viewers) for measures, viewers in cells))

    @classmethod
    def of_buckets(cls, names: Sequence[str], buckets: Iterable[tuple[Sequence[int], int]]) -> Cells:
        """From (sums of measures, viewers) of each bucket: the bucket is the unit that is drawn.

        Assumes that viewers fell into buckets by chance alone, such as by a hash that shares no salt with the variant,
        so that bucket sums are independent and alike (bootstrap of whole clusters: Field & Welsh, JRSS B 2007;69:369).
        k buckets give an error with k − 1 degrees of freedom: take a thousand, 100 at least.

        Raises:
            ValueError: as `of`.
        """
        return _sorted(names, (((*sums, viewers), 1) for sums, viewers in buckets))

    @property
    def units(self) -> int:
        """All viewers, or all buckets."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """The statistic without one unit of each cell of an arm (jackknife), and the units of the cell."""

    arm: str
    values: Floats
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """A statistic as seen, and once per resampling.

    Attributes:
        seen: from the viewers themselves.
        values: one a run, in the order drawn.
        left_out: one an arm, the other arms as seen.
    """

    seen: float
    values: Floats
    left_out: tuple[LeftOut, ...]


def ratio(numerator: str, denominator: str = VIEWERS) -> Statistic:
    """Σ numerator / Σ denominator; per viewer unless said otherwise: a mean, or the rate of a 0/1 measure."""
    return lambda means: means[numerator] / means[denominator]


def replicates(
    cells: Cells, statistic: Statistic, *, arm: str, seed: int | str, runs: int = 1000
) -> Replicates | Undetermined:
    """The statistic of `runs` resamplings; PCG64 seeded by SHA-256 of `seed:arm`, so arms are independent.

    Equal cells give equal numbers, in whatever order they came and whatever the block size, as long as units times the
    largest measure stay below 2⁵³ (sums are then exact).

    Args:
        cells: of one arm.
        statistic: such as `ratio("like")`.
        arm: its variant, and no other arm's.
        seed: such as the experiment's key.
        runs: >= 1. With 1,000, an end of a 95 % interval is itself uncertain by 0.08 standard errors.

    Returns:
        NO_VIEWERS, TOO_FEW below 100 units, NO_DENOMINATOR where any run has no finite value.
    """
    import numpy as np

    n = cells.units
    if n < FEWEST_UNITS:
        return Undetermined(Reason.TOO_FEW if n else Reason.NO_VIEWERS, f"{n} of {FEWEST_UNITS}")
    values, counts = np.array(cells.values, np.float64), np.array(cells.counts, np.int64)
    total = counts @ values
    means = (total[np.newaxis] / n, (total - values) / (n - 1), _resampled(values, counts, runs, f"{seed}:{arm}"))
    with np.errstate(divide="ignore", invalid="ignore"):
        seen, left, drawn = (statistic(dict(zip(cells.names, rows.T, strict=True))) for rows in means)
    if not all(np.isfinite(found).all() for found in (seen, left, drawn)):
        return Undetermined(Reason.NO_DENOMINATOR)
    return Replicates(float(seen[0]), drawn, (LeftOut(arm, left, counts),))


def difference(treatment: Replicates, control: Replicates) -> Replicates:
    """Treatment − control, run by run. Both have the same number of runs.

    Raises:
        ValueError: both are of one arm, so they are not independent.
    """
    return _between(treatment, control, lambda t, c: t - c)


def lift(treatment: Replicates, control: Replicates) -> Replicates | Undetermined:
    """Treatment / control − 1, run by run.

    Returns:
        NEGATIVE_CONTROL, or CONTROL_NEAR_ZERO where control is not above 0 in every run.

    Raises:
        ValueError: as `difference`.
    """
    if control.seen < 0:
        return Undetermined(Reason.NEGATIVE_CONTROL)
    if not min(control.seen, control.values.min()) > 0:
        return Undetermined(Reason.CONTROL_NEAR_ZERO)
    return _between(treatment, control, lambda t, c: (t - c) / c)


def interval(of: Replicates, alpha: float) -> Estimate | Undetermined:
    """The percentile interval: the k-th smallest and k-th largest run, k = ⌊(runs + 1) α/2⌋; infinite where k = 0.

    Efron & Tibshirani 1993, section 13.3, by order statistics (page 160). Difference and lift of the same arms exclude
    0 together, because order statistics keep their sign.

    Units that decide the spread are counted as n over the kurtosis of their influence: n p(1 − p) for a rare rate. The
    floor of 5 is low on purpose, for a higher one would keep just those samples that missed a long tail. A long tail
    wants a cap: uncapped it covers too seldom (about 91 % for 95 % at 1,000 viewers of a lognormal with σ 1.5).

    Args:
        of: of one arm, or of two by `difference` or `lift`.
        alpha: two-sided, in (0, 1).

    Returns:
        NO_VARIATION where no unit changes the statistic, TOO_FEW where fewer than 5 units decide its spread.
    """
    return _unreadable(of) or _estimate(of, alpha / 2, alpha / 2)


def bca_interval(of: Replicates, alpha: float) -> Estimate | Undetermined:
    """`interval` with tails corrected for bias and skewness, second-order accurate; the jackknife is over cells.

    Efron & Tibshirani 1993, equations 14.9 to 14.15, ties with the seen value counted half. Nearly the percentile
    interval when viewers are many. Difference and lift may then disagree at the margin.
    """
    if missing := _unreadable(of):
        return missing
    share = ((of.values < of.seen).mean() + (of.values <= of.seen).mean()) / 2
    if not 0 < share < 1:
        return Undetermined(Reason.TOO_FEW, "all runs on one side of what was seen")
    bias, skew = _normal.inv_cdf(float(share)), _acceleration(of)
    low, high = (bias + _normal.inv_cdf(tail) for tail in (alpha / 2, 1 - alpha / 2))
    # 5 deciding units hold |skew| below 5^(−1/4)/6 = 0.112, so 1 − skew · z is above 0 at any usable level
    return _estimate(of, _normal.cdf(bias + low / (1 - skew * low)), _normal.cdf(-bias - high / (1 - skew * high)))


def _sorted(names: Sequence[str], cells: Iterable[tuple[tuple[int, ...], int]]) -> Cells:
    found: Counter[tuple[int, ...]] = Counter()
    for measures, units in cells:
        if len(measures) != len(names) + 1 or min(units, measures[-1]) < 0:
            raise ValueError(f"expected {len(names)} measures and 0 viewers or more, found {measures[:-1]}, {units}")
        found[measures] += units
    kept = sorted((measures, units) for measures, units in found.items() if units)
    return Cells((*names, VIEWERS), tuple(m for m, _ in kept), tuple(units for _, units in kept))


def _resampled(values: Floats, counts: NDArray[np.int64], runs: int, seed: str) -> Floats:
    """Means per unit, one row a run; drawn in blocks of at most a million counts (8 MB), or one run."""
    import numpy as np

    n = int(counts.sum())
    draws = np.random.Generator(np.random.PCG64(int.from_bytes(sha256(seed.encode()).digest()[:16], "big")))
    block = max(1, _BLOCK // len(counts))
    sizes = (min(block, runs - start) for start in range(0, runs, block))
    return np.concatenate([draws.multinomial(n, counts / n, size=size) @ values / n for size in sizes])


def _between(treatment: Replicates, control: Replicates, of: Callable[[Any, Any], Any]) -> Replicates:
    if {left.arm for left in treatment.left_out} & {left.arm for left in control.left_out}:
        raise ValueError("two arms are compared, and these replicates share one")
    without_t = (replace(left, values=of(left.values, control.seen)) for left in treatment.left_out)
    without_c = (replace(left, values=of(treatment.seen, left.values)) for left in control.left_out)
    seen = float(of(treatment.seen, control.seen))
    return Replicates(seen, of(treatment.values, control.values), (*without_t, *without_c))


def _influence(of: Replicates, power: int) -> float:
    """Σ over arms of ΣU^power / n^power, U_i = (n − 1)(θ̂_(·) − θ̂_(i)), θ̂_(·) the mean of the arm's θ̂_(i)."""
    total = 0.0
    for left in of.left_out:
        n = int(left.counts.sum())
        moved = (n - 1) / n * (left.counts @ left.values / n - left.values)
        total += float(left.counts @ moved**power)
    return total


def _acceleration(of: Replicates) -> float:
    return _influence(of, 3) / (6 * math.pow(_influence(of, 2), 1.5))


def _unreadable(of: Replicates) -> Undetermined | None:
    noise = sum(int(left.counts.sum()) * (_ROUNDING * abs(left.values).max()) ** 2 for left in of.left_out)
    variance = _influence(of, 2)
    if variance <= noise:
        return Undetermined(Reason.NO_VARIATION)
    deciding = variance**2 / _influence(of, 4)
    few = f"{deciding:.1f} of {FEWEST_DECIDING} decide the spread"
    return Undetermined(Reason.TOO_FEW, few) if deciding < FEWEST_DECIDING else None


def _estimate(of: Replicates, below: float, above: float) -> Estimate:
    """Between two order statistics, the second counted from the top."""
    import numpy as np

    ordered = np.sort(of.values)
    runs = len(ordered)
    first, last = (min(math.floor((runs + 1) * tail + 1e-9), runs) for tail in (below, above))
    low = float(ordered[first - 1]) if first else -math.inf
    return Estimate(of.seen, Interval(low, float(ordered[-last]) if last else math.inf))
