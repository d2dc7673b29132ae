"""Two adjusted means, which may be correlated, read at one critical value."""

from __future__ import annotations

import math

from abstory.stats.covariates import Adjusted
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined
from abstory.stats.intervals import agreeing
from abstory.stats.moments import Sample
from abstory.stats.reading import Reading
from abstory.stats.skewness import both_tails, of_difference, too_skewed

_ROUNDING = 1e-14


def compare_adjusted(adjusted: Adjusted, reading: Reading, *, method: str = "lin") -> Effect | Undetermined:
    """Difference and lift of adjusted means.

    T(R) = (m_t − R m_c)/√(v_t − 2R v_tc + R² v_c), and T(1) is that of no difference.

    Returns:
        TOO_EARLY where the reading lacks units, NO_VARIATION where the difference has none, TOO_SKEWED as for plain
        means, the covariates taking variance away but no third moment; the lift is CONTROL_NEAR_ZERO or
        NEGATIVE_CONTROL as for plain means.
    """
    if lacking := reading.lacks(adjusted.evidence[0]) or reading.lacks(adjusted.evidence[1]):
        return Undetermined(Reason.TOO_EARLY, lacking)
    if not adjusted.variance > _ROUNDING * (adjusted.variance_treatment + adjusted.variance_control):
        return Undetermined(Reason.NO_VARIATION)
    n = adjusted.evidence[0].n + adjusted.evidence[1].n
    seen, error = adjusted.treatment - adjusted.control, math.sqrt(adjusted.variance)
    statistic, critical = seen / error, reading.critical(n, adjusted.df)
    skewness = _skewness(adjusted)
    if skewness and skewness > both_tails(critical):
        return too_skewed(skewness)
    low, high = seen - critical * error, seen + critical * error
    return Effect(
        adjusted.treatment,
        adjusted.control,
        Estimate(seen, agreeing(low, high, null=0.0, statistic=statistic, critical=critical)),
        _lift(adjusted, statistic, critical),
        statistic,
        reading.p_value(statistic, n, adjusted.df),
        critical,
        error,
        method,
        skewness=skewness,
    )


def fieller_correlated(adjusted: Adjusted, critical: float) -> Interval | Undetermined:
    """{R : |T(R)| <= critical} for the ratio of correlated means, control's > 0.

    With g = critical² v_c/m_c² < 1 and r = critical² v_tc/m_c²: centre (R̂ − r)/(1 − g), half-width
    critical/m_c · √(v_t − 2R̂ v_tc + R̂² v_c − g(v_t − v_tc²/v_c))/(1 − g) (Fieller, JRSS B 1954;16:175). g >= 1: the set
    is unbounded, CONTROL_NEAR_ZERO.
    """
    mean, v_t, v_c, shared = (
        adjusted.control,
        adjusted.variance_treatment,
        adjusted.variance_control,
        adjusted.covariance,
    )
    noise = critical * math.sqrt(v_c) / mean if mean > 0 else math.inf
    if not noise < 1:
        return Undetermined(Reason.CONTROL_NEAR_ZERO)
    ratio, rest = adjusted.treatment / mean, (1 - noise) * (1 + noise)
    alone = v_t - shared * shared / v_c if v_c > 0 else v_t
    inside = max(0.0, v_t - 2 * ratio * shared + ratio * ratio * v_c - noise * noise * alone)
    half = critical * math.sqrt(inside) / (mean * rest)
    centre = (ratio - critical * critical * shared / (mean * mean)) / rest
    if not math.isfinite(abs(centre) + half):
        return Undetermined(Reason.CONTROL_NEAR_ZERO)
    return Interval(centre - half, centre + half)


def _lift(adjusted: Adjusted, statistic: float, critical: float) -> Estimate | Undetermined:
    if adjusted.control < 0:
        return Undetermined(Reason.NEGATIVE_CONTROL)
    ratio = fieller_correlated(adjusted, critical)
    if isinstance(ratio, Undetermined):
        return ratio
    value = (adjusted.treatment - adjusted.control) / adjusted.control
    return Estimate(value, agreeing(ratio.low - 1, ratio.high - 1, null=0.0, statistic=statistic, critical=critical))


def _skewness(adjusted: Adjusted) -> float:
    """Of the difference as adjusted; more than it is where the covariates are skewed themselves."""
    treatment, control = adjusted.evidence
    if not isinstance(treatment, Sample) or not isinstance(control, Sample):
        return 0.0
    left: float = max(_ROUNDING, 1 - adjusted.removed)
    return of_difference(treatment, control) * math.pow(left, -1.5)
