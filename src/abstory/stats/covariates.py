"""Covariates measured before exposure: means adjusted from moments alone, and their covariance.

Default is a regression in each arm (Lin, Annals of Applied Statistics 2013;7:295), asymptotically never worse than
none; the pooled slope of CUPED is there for comparison with other tools.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.stats.estimate import Reason, Undetermined, record
from abstory.stats.means import compare, welch_df
from abstory.stats.moments import Moments, Sample, Tally
from abstory.stats.reading import FixedHorizon

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SPARE_UNITS = 10
IMBALANCE_P = 0.001
_SINGULAR = 1e-9
ROUNDING = 1e-13


@record
class Arms:
    """Treatment and control, each as moments of the outcome and its covariates."""

    treatment: Moments
    control: Moments


@record
class Adjusted:
    """Two adjusted means with their 2×2 covariance matrix.

    Attributes:
        evidence: the unadjusted treatment and control, a Tally each for a rate: what a reading asks units of.
        treatment: adjusted mean.
        control: adjusted mean; a lift's denominator.
        variance_treatment: of the adjusted mean.
        variance_control: of the adjusted mean.
        covariance: of the two: both lean on the covariates' mean over both arms.
        df: Welch–Satterthwaite of the residual variances; may be inf.
        used: covariates that entered.
        dropped: covariates without variation, or told by the others, in either arm.
        removed: share of the difference's variance that adjustment took away; < 0 where it added some.
        own: the two variances of the adjusted means within their arms, covariate means taken as fixed.
    """

    evidence: tuple[Sample | Tally, Sample | Tally]
    treatment: float
    control: float
    variance_treatment: float
    variance_control: float
    covariance: float
    df: float
    used: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    removed: float = 0.0
    own: tuple[float, float] = (math.nan, math.nan)

    @property
    def variance(self) -> float:
        """Of the difference; a rounding error below 0 is 0."""
        return max(0.0, self.variance_treatment + self.variance_control - 2 * self.covariance)


def adjust(arms: Arms, outcome: str, covariates: Sequence[str], *, rate: bool = False) -> Adjusted | Undetermined:
    """Adjusted means by Lin's interacted regression, for the population both arms are drawn from.

    In arm a: b_a = S_xx⁻¹S_xy, s²_a = rss_a/(n_a − 1 − p), d_a = x̄ − x̄_a with x̄ over both arms; adjusted mean
    ȳ_a + d_a'b_a, with variance s²_a(1/n_a + d_a'S_xx⁻¹d_a) within the arm. The units being a sample themselves adds
    b_a'Σb_a/N, and b_t'Σb_c/N to the covariance, Σ the covariates' covariance over both arms (Ye, Shao, Yi & Zhao,
    JASA 2023;118:2370). df: Welch on the variances within arms, with n_a − 1 − p.

    A viewer without a covariate counts as 0 there, and a 0/1 measure "observed" goes in beside it: that is the
    regression on a mean-imputed covariate with an indicator, whatever value is imputed.

    Args:
        arms: moments of outcome and covariates with all their covariances.
        outcome: measure; for ratios the name of linearised values (`linearise`).
        covariates: measures taken before first exposure.
        rate: whether the outcome is 0/1, so that a reading may ask for successes.

    Returns:
        NO_VIEWERS with an empty arm, TOO_FEW where an arm has p + 10 units or fewer, p covariates entering;
        with none to enter two units are enough.
    """
    fewest = min(arms.treatment.n, arms.control.n)
    used, dropped = independent((arms.treatment, arms.control), covariates if fewest > 1 else ())
    if fewest <= (len(used) + SPARE_UNITS if used else 1):
        counts = f"{arms.treatment.n} and {arms.control.n} viewers for {len(used)} covariates"
        return Undetermined(Reason.TOO_FEW if fewest else Reason.NO_VIEWERS, counts)
    both = arms.treatment + arms.control
    treatment, control = (regressed(arm, both, outcome, used) for arm in (arms.treatment, arms.control))
    sigma = spread(both, used) / both.n
    shared = [
        float(a.slopes @ sigma @ b.slopes)
        for a, b in ((treatment, treatment), (control, control), (treatment, control))
    ]
    variance = treatment.variance + control.variance + shared[0] + shared[1] - 2 * shared[2]
    return Adjusted(
        _evidence(arms, outcome, rate=rate),
        treatment.mean,
        control.mean,
        treatment.variance + shared[0],
        control.variance + shared[1],
        shared[2],
        satterthwaite((treatment.variance, control.variance), (treatment.df, control.df)),
        used,
        dropped,
        _removed(variance, arms, outcome),
        (treatment.variance, control.variance),
    )


def adjust_pooled(arms: Arms, outcome: str, covariate: str, *, both: Moments | None = None) -> Adjusted | Undetermined:
    """CUPED with one slope for both arms: θ = cov(y, x)/var(x) over the arms stacked.

    ȳ_a − θ(x̄_a − x̄), variance (s²_y + θ² s²_x − 2θ s_xy)/n_a (Deng, Xu, Kohavi & Walker, WSDM 2013, section 3.2).
    For comparison with other tools; with unequal arms and unequal slopes it may be worse than no adjustment (Lin 2013,
    section 3).

    Args:
        arms: moments of outcome and covariate with their covariances.
        outcome: measure.
        covariate: measure taken before first exposure.
        both: the arms stacked, where that is not their sum (linearised ratios have a centre of their own).

    Returns:
        TOO_FEW below two units in an arm; NO_VARIATION where the covariate has none.
    """
    if min(arms.treatment.n, arms.control.n) < 2:
        return Undetermined(Reason.TOO_FEW, f"{arms.treatment.n} and {arms.control.n}")
    whole = both or arms.treatment + arms.control
    if not whole.variance(covariate) > 0:
        return Undetermined(Reason.NO_VARIATION, covariate)
    slope = whole.covariance(outcome, covariate) / whole.variance(covariate)
    treatment, control = (
        _moved(arm, outcome, covariate, (slope, whole.means[covariate])) for arm in (arms.treatment, arms.control)
    )
    own = treatment.variance / treatment.n, control.variance / control.n
    df = welch_df(treatment, control) if sum(own) > 0 else math.inf
    removed = _removed(sum(own), arms, outcome)
    evidence = _evidence(arms, outcome, rate=False)
    return Adjusted(evidence, treatment.mean, control.mean, *own, 0.0, df, (covariate,), (), removed, own)


def imbalance(arms: Arms, covariate: str) -> float | Undetermined:
    """P of Welch's test that a covariate measured before exposure has one mean; below .001 something is wrong."""
    found = compare(arms.treatment.sample(covariate), arms.control.sample(covariate), FixedHorizon(IMBALANCE_P))
    return found if isinstance(found, Undetermined) else found.p_value


def satterthwaite(variances: Sequence[float], df: Sequence[float]) -> float:
    """Degrees of freedom of a sum of variances; inf where nothing varies."""
    total = math.fsum(variances)
    squares = (
        math.fsum((value / total) ** 2 / free for value, free in zip(variances, df, strict=True)) if total else 0.0
    )
    return 1 / squares if squares else math.inf


@dataclass(frozen=True, slots=True)
class Regressed:
    """One arm's mean at the covariates' overall mean, its variance within the arm, slopes and degrees of freedom."""

    mean: float
    variance: float
    slopes: Floats
    df: float


def regressed(arm: Moments, both: Moments, outcome: str, used: Sequence[str]) -> Regressed:
    """One arm's regression, read at the covariates' mean over both arms."""
    import numpy as np

    # In units of each covariate's deviation, so that seconds beside shares do not spoil the solution.
    units = np.sqrt(np.array([arm.variance(name) for name in used]))
    inner = _matrix(arm, used, used) / np.outer(units, units)
    along = np.array([arm.covariance(name, outcome) for name in used]) / units
    away = np.array([both.means[name] - arm.means[name] for name in used]) / units
    slopes = np.linalg.solve(inner, along)
    df = arm.n - 1.0 - len(used)
    left = arm.variance(outcome) - float(slopes @ along)
    residual = left * (arm.n - 1) / df if left > ROUNDING * arm.variance(outcome) else 0.0
    leverage = 1 / arm.n + float(away @ np.linalg.solve(inner, away)) / (arm.n - 1)
    return Regressed(arm.means[outcome] + float(away @ slopes), residual * leverage, slopes / units, df)


def spread(moments: Moments, names: Sequence[str]) -> Floats:
    """The covariance matrix of some measures."""
    return _matrix(moments, names, names)


def independent(arms: Sequence[Moments], covariates: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that vary and are not told by the ones before them, in every arm; and the rest."""
    used: list[str] = []
    for name in dict.fromkeys(covariates):
        if all(_untold(arm, used, name) for arm in arms):
            used.append(name)
    return tuple(used), tuple(name for name in dict.fromkeys(covariates) if name not in used)


def _untold(arm: Moments, used: Sequence[str], name: str) -> bool:
    import numpy as np

    own = arm.variance(name)
    if not own > 0:
        return False
    units = np.sqrt(np.array([arm.variance(other) for other in used]))
    along = np.array([arm.covariance(other, name) for other in used]) / (units * math.sqrt(own))
    inner = _matrix(arm, used, used) / np.outer(units, units)
    return 1 - float(along @ np.linalg.solve(inner, along)) > _SINGULAR


def _matrix(moments: Moments, rows: Sequence[str], columns: Sequence[str]) -> Floats:
    import numpy as np

    values = [moments.covariance(row, column) for row in rows for column in columns]
    return np.array(values, dtype=np.float64).reshape(len(rows), len(columns))


def _moved(arm: Moments, outcome: str, covariate: str, line: tuple[float, float]) -> Sample:
    slope, centre = line
    spread = (
        arm.variance(outcome) + slope * slope * arm.variance(covariate) - 2 * slope * arm.covariance(outcome, covariate)
    )
    left = spread if spread > ROUNDING * arm.variance(outcome) else 0.0
    return Sample(arm.n, arm.means[outcome] - slope * (arm.means[covariate] - centre), left)


def _evidence(arms: Arms, outcome: str, *, rate: bool) -> tuple[Sample | Tally, Sample | Tally]:
    if rate:
        return arms.treatment.tally(outcome), arms.control.tally(outcome)
    return arms.treatment.sample(outcome), arms.control.sample(outcome)


def _removed(variance: float, arms: Arms, outcome: str) -> float:
    plain = arms.treatment.variance(outcome) / arms.treatment.n + arms.control.variance(outcome) / arms.control.n
    return 1 - variance / plain if plain > 0 else 0.0
