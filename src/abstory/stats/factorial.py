"""Effects of factors as contrasts of cell means: marginal, simple and interaction effects, each with its own error.

A contrast c of cell means m has the estimate c'm and the variance c'Vc. With V = diag(s²/n) that is the saturated
regression on the rows with HC2 errors, exactly; degrees of freedom by Satterthwaite. Tests of several coefficients at
once are Wald's in effect coding, which is type III with HC2 (Long & Ervin, American Statistician 2000;54:217).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Adjusted, satterthwaite
from abstory.stats.estimate import Effect, Estimate, Reason, Undetermined
from abstory.stats.intervals import agreeing
from abstory.stats.moments import Sample, Tally
from abstory.stats.reading import FixedHorizon, Reading
from abstory.stats.sequential import AlwaysValid
from abstory.stats.tails import chi_square_p

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METHOD = "contrast"
_UNUSED = 1e-12
_ROUNDING = 1e-14


@dataclass(frozen=True)
class Cells:
    """What is known of each cell's mean.

    Attributes:
        names: of the cells, for whoever asks which one is missing.
        evidence: each cell's units; None where the cell has no value.
        means: NaN where there is none.
        own: variance of each mean; of an adjusted one, covariate means taken as fixed.
        df: of `own`, > 0.
        shared: what covariates add to the covariance of the means (they lean on one overall mean); None without.
        flagged: names of cells of 0/1 units that are all alike, whose variance comes from (x + ½)/(n + 1).
    """

    names: tuple[str, ...]
    evidence: tuple[Tally | Sample | None, ...]
    means: Floats
    own: Floats
    df: Floats
    shared: Floats | None = None
    flagged: tuple[str, ...] = ()

    @property
    def covariance(self) -> Floats:
        """Of the means, one row and column a cell."""
        import numpy as np

        return np.diag(self.own) if self.shared is None else np.diag(self.own) + self.shared

    def missing(self, weights: Floats) -> tuple[str, ...]:
        """Cells that a contrast needs and that have no value."""
        used = abs(weights.reshape(-1, len(self.names))).max(axis=0) > _UNUSED
        return tuple(
            name for name, use, one in zip(self.names, used, self.evidence, strict=True) if use and one is None
        )

    def satterthwaite(self, weights: Floats) -> float:
        """(Σc²v)²/Σ((c²v)²/df) of a contrast."""
        parts = [(w * w * v, free) for w, v, free in zip(weights, self.own, self.df, strict=True) if abs(w) > _UNUSED]
        return satterthwaite([value for value, _ in parts], [free for _, free in parts])

    def side(self, weights: Floats) -> Tally | Sample:
        """The units of the cells that a contrast needs, taken together: what a reading asks for enough of."""
        used = [e for w, e in zip(weights, self.evidence, strict=True) if abs(w) > _UNUSED and e is not None]
        if tallies := [one for one in used if isinstance(one, Tally)]:
            return Tally(sum(one.n for one in tallies), sum(one.successes for one in tallies))
        return _within([one for one in used if isinstance(one, Sample)])


def cells(named: Sequence[tuple[str, Tally | Sample | Undetermined]]) -> Cells:
    """Cell means from each cell's units.

    A mean has variance s²/n with n − 1 degrees of freedom. A rate has p(1 − p)/n and, being known by its mean alone,
    infinite ones; where all units are alike p is (x + ½)/(n + 1) in the variance, never in the rate, and the cell is
    flagged.

    Args:
        named: a cell's name and units; below two units (one for a rate), or Undetermined, it counts as empty.
    """
    import numpy as np

    known = [
        one if not isinstance(one, Undetermined) and one.n > 1 - isinstance(one, Tally) else None for _, one in named
    ]
    told = [_own(one) for one in known]
    flagged = tuple(
        name
        for (name, _), one in zip(named, known, strict=True)
        if isinstance(one, Tally) and one.successes in (0, one.n)
    )
    means, own, df = (np.array(column, dtype=float) for column in zip(*told, strict=True))
    return Cells(tuple(name for name, _ in named), tuple(known), means, own, df, None, flagged)


def _own(one: Tally | Sample | None) -> tuple[float, float, float]:
    """Mean, its variance and the variance's degrees of freedom."""
    if one is None:
        return math.nan, math.nan, 1.0
    if isinstance(one, Sample):
        return one.mean, one.variance / one.n, one.n - 1.0
    p = (one.successes + 0.5) / (one.n + 1) if one.successes in (0, one.n) else one.mean
    return one.mean, p * (1 - p) / one.n, math.inf


def _within(used: Sequence[Sample]) -> Sample:
    """Units of several cells, each around its own mean: enough for what a reading and the rule of skewness ask."""
    n = sum(one.n for one in used)
    squares = math.fsum((one.n - 1) * one.variance for one in used)
    return Sample(
        n, math.nan, squares / (n - 1) if n > 1 else math.nan, math.fsum(one.n * one.third for one in used) / max(n, 1)
    )


def marginal(found: Cells, treatment: Floats, control: Floats, reading: Reading) -> Effect | Undetermined:
    """One weighted mean of cells against another, its lift relative to the second (Fieller on contrasts).

    T(R) = (a'm − R b'm)/√((a − R b)'V(a − R b)), and T(1) is that of no difference: one statistic, one critical value.

    Args:
        found: the cells.
        treatment: weights over cells, summing to 1.
        control: as `treatment`, of what it is held against.
        reading: at the level of the family the effect belongs to.

    Returns:
        EMPTY_CELL where a cell with weight has no value; TOO_EARLY where the reading lacks units on either side;
        NO_VIEWERS, NO_VARIATION, TOO_SKEWED and the lift's reasons as for two means.
    """
    import numpy as np

    difference = treatment - control
    if empty := found.missing(abs(treatment) + abs(control)):
        return Undetermined(Reason.EMPTY_CELL, ", ".join(empty))
    m, v = np.nan_to_num(found.means), np.nan_to_num(found.covariance)
    two = Adjusted(
        (found.side(np.maximum(difference, 0.0)), found.side(np.minimum(difference, 0.0))),
        float(treatment @ m),
        float(control @ m),
        float(treatment @ v @ treatment),
        float(control @ v @ control),
        float(treatment @ v @ control),
        found.satterthwaite(difference),
    )
    return compare_adjusted(two, reading, method=METHOD)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A contrast of cells: estimate with its interval, T, p and degrees of freedom."""

    estimate: Estimate
    statistic: float
    p_value: float
    standard_error: float
    df: float


def contrast(found: Cells, weights: Floats, reading: Reading) -> Contrast | Undetermined:
    """Estimate c'm with variance c'Vc, where no ratio has a meaning: an interaction, a slope.

    Returns:
        EMPTY_CELL, TOO_EARLY and NO_VARIATION as `marginal`.
    """
    import numpy as np

    if empty := found.missing(weights):
        return Undetermined(Reason.EMPTY_CELL, ", ".join(empty))
    if lacking := lacks(found, weights, reading):
        return Undetermined(Reason.TOO_EARLY, lacking)
    v = np.nan_to_num(found.covariance)
    seen, variance = float(weights @ np.nan_to_num(found.means)), float(weights @ v @ weights)
    if not variance > _ROUNDING * float(weights @ np.diag(np.diag(v)) @ weights):
        return Undetermined(Reason.NO_VARIATION)
    df, n, error = found.satterthwaite(weights), found.side(weights).n, math.sqrt(variance)
    statistic, critical = seen / error, reading.critical(n, df)
    low, high = seen - critical * error, seen + critical * error
    interval = agreeing(low, high, null=0.0, statistic=statistic, critical=critical)
    return Contrast(Estimate(seen, interval), statistic, reading.p_value(statistic, n, df), error, df)


def lacks(found: Cells, weights: Floats, reading: Reading) -> str:
    """What either side of a contrast (or of any of several) still lacks for the reading to hold."""
    import numpy as np

    rows = np.atleast_2d(weights)
    sides = (found.side(half) for row in rows for half in (np.maximum(row, 0.0), np.minimum(row, 0.0)))
    return next(filter(None, map(reading.lacks, sides)), "")


@dataclass(frozen=True, slots=True)
class Wald:
    """Whether several contrasts are all 0.

    Attributes:
        statistic: b'V⁻¹b, chi-square with `df` degrees for large samples.
        df: number of contrasts.
        denominator: degrees of freedom of the errors (Fai & Cornelius), inf for rates.
        units: of the cells behind it.
    """

    statistic: float
    df: int
    denominator: float
    units: int

    @property
    def large_sample_p(self) -> float:
        """Of chi-square."""
        return chi_square_p(self.statistic, self.df)


def wald(found: Cells, rows: Floats) -> Wald | Undetermined:
    """b'(CVC')⁻¹b for b = Cm; denominator degrees of freedom by the spectral method.

    In the eigenvectors of CVC' the contrasts are uncorrelated, each with Satterthwaite's ν_i; E = Σν_i/(ν_i − 2) over
    ν_i > 2 and ν = 2E/(E − d) (Fai & Cornelius, J Stat Comput Simul 1996;54:363).

    Args:
        found: the cells.
        rows: one contrast a row, linearly independent.

    Returns:
        EMPTY_CELL where a cell with weight has no value, NO_VARIATION where CVC' is singular.
    """
    import numpy as np

    if empty := found.missing(rows):
        return Undetermined(Reason.EMPTY_CELL, ", ".join(empty))
    b, v = rows @ np.nan_to_num(found.means), rows @ np.nan_to_num(found.covariance) @ rows.T
    sizes, vectors = np.linalg.eigh(v)
    if not sizes[0] > _ROUNDING * max(sizes[-1], 0.0) or not sizes[-1] > 0:
        return Undetermined(Reason.NO_VARIATION)
    turned = vectors.T @ b
    statistic = float(np.sum(turned * turned / sizes))
    free = [found.satterthwaite(row) for row in vectors.T @ rows]
    return Wald(statistic, len(b), _spectral(free), found.side(abs(rows).sum(axis=0)).n)


def _spectral(free: Sequence[float]) -> float:
    if len(free) == 1:
        return free[0]
    expected = math.fsum(1.0 if math.isinf(one) else one / (one - 2) for one in free if one > 2)
    spare = expected - len(free)
    if spare <= 0:
        return math.inf if all(map(math.isinf, free)) else 2.0
    return 2 * expected / spare


def omnibus_p(found: Cells, rows: Floats, reading: Reading) -> tuple[Wald, float] | Undetermined:
    """Wald's statistic with the p value that the reading gives it.

    Fixed: F = W/d on (d, ν), which is T² for one contrast. Always valid: the evidence against b = 0 of a normal
    mixture with covariance ρ²·N·V, (1 + Nρ²)^(−d/2) exp(W Nρ²/(2(1 + Nρ²))), the d-dimensional form of the house's
    sequence. Any other reading: the least p of the contrasts one by one, times their number.

    Returns:
        TOO_EARLY where the reading lacks units, and as `wald`.
    """
    test = wald(found, rows)
    if isinstance(test, Undetermined):
        return test
    if lacking := lacks(found, rows, reading):
        return Undetermined(Reason.TOO_EARLY, lacking)
    if isinstance(reading, FixedHorizon):
        return test, f_p(test)
    if isinstance(reading, AlwaysValid):
        return test, _mixture_p(test, reading.rho2)
    return test, _one_by_one(found, rows, reading)


def f_p(test: Wald) -> float:
    """Of F = W/d with d and ν degrees of freedom."""
    from scipy.special import fdtrc

    if math.isinf(test.denominator):
        return test.large_sample_p
    return float(fdtrc(test.df, test.denominator, test.statistic / test.df))


def _mixture_p(test: Wald, rho2: float) -> float:
    grown = test.units * rho2
    log_evidence = test.statistic * grown / (2 * (1 + grown)) - test.df / 2 * math.log1p(grown)
    return math.exp(min(0.0, -log_evidence))


def _one_by_one(found: Cells, rows: Floats, reading: Reading) -> float:
    each = (contrast(found, row, reading) for row in rows)
    return min(1.0, len(rows) * min(one.p_value if isinstance(one, Contrast) else 1.0 for one in each))
