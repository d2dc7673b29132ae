"""Two means as they are compared, whatever they are means of: every number from one T and one critical value."""

from __future__ import annotations

import math
from math import sqrt

from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined, record
from abstory.stats.intervals import agreeing
from abstory.stats.reading import Reading
from abstory.stats.skewness import both_tails, too_skewed

_ROUNDING = 1e-14


@record
class Two:
    """A treatment's mean and a control's, which may be correlated.

    Attributes:
        treatment, control: the means.
        v_treatment, v_control, shared: their squared errors, and their covariance.
        n: units of both.
        df: degrees of freedom of the difference's error; may be inf.
        skewness: of the difference, >= 0; 0 where it is not known.
    """

    treatment: float
    control: float
    v_treatment: float
    v_control: float
    shared: float
    n: int
    df: float
    skewness: float = 0.0


def read(two: Two, reading: Reading, method: str) -> Effect | Undetermined:
    """Difference and lift of two means whose arms lack nothing that the reading asks for.

    T(R) = (m_t − R m_c)/√(v_t − 2R v_tc + R² v_c), and T(1) is that of no difference.

    Returns:
        NO_VARIATION where the difference has none, TOO_SKEWED where its skewness is known and would make the error more
        than 1.2 times its nominal value. The lift is CONTROL_NEAR_ZERO where control's mean is not distinguishable
        from 0 at the critical value, NEGATIVE_CONTROL below 0.
    """
    independent = two.v_treatment + two.v_control
    variance = independent - 2 * two.shared
    if not variance > _ROUNDING * independent:
        return Undetermined(Reason.NO_VARIATION)
    seen, error = two.treatment - two.control, sqrt(variance)
    statistic, critical = seen / error, reading.critical(two.n, two.df)
    if two.skewness and two.skewness > both_tails(critical):
        return too_skewed(two.skewness)
    low, high = seen - critical * error, seen + critical * error
    return Effect(
        two.treatment,
        two.control,
        Estimate(seen, agreeing(low, high, null=0.0, statistic=statistic, critical=critical)),
        _lift(two, statistic, critical),
        statistic,
        reading.p_value(statistic, two.n, two.df),
        critical,
        error,
        method,
        skewness=two.skewness,
    )


def fieller(two: Two, critical: float) -> Interval | Undetermined:
    """{R : |T(R)| <= critical} for the ratio of the means, control's > 0.

    With g = critical² v_c/m_c² < 1 and r = critical² v_tc/m_c²: centre (R̂ − r)/(1 − g), half-width
    critical/m_c · √(v_t(1 − g) + R̂² v_c − 2R̂ v_tc + r v_tc)/(1 − g) (Fieller, JRSS B 1954;16:175; without v_tc
    Tamhane & Logan, Biometrika 2004;91:715). g >= 1: the set is unbounded, CONTROL_NEAR_ZERO.
    """
    mean, v_c, shared = two.control, two.v_control, two.shared
    noise = critical * sqrt(v_c) / mean if mean > 0 else math.inf
    if not noise < 1:
        return Undetermined(Reason.CONTROL_NEAR_ZERO)
    ratio, rest, pull = two.treatment / mean, (1 - noise) * (1 + noise), critical * shared / mean
    inside = two.v_treatment * rest + ratio * ratio * v_c - 2 * ratio * shared + pull * pull
    half = critical * sqrt(max(inside, 0.0)) / (mean * rest)
    centre = (ratio - critical * pull / mean) / rest
    if not math.isfinite(abs(centre) + half):
        return Undetermined(Reason.CONTROL_NEAR_ZERO)
    return Interval(centre - half, centre + half)


def _lift(two: Two, statistic: float, critical: float) -> Estimate | Undetermined:
    if two.control < 0:
        return Undetermined(Reason.NEGATIVE_CONTROL)
    ratio = fieller(two, critical)
    if isinstance(ratio, Undetermined):
        return ratio
    value = (two.treatment - two.control) / two.control
    return Estimate(value, agreeing(ratio.low - 1, ratio.high - 1, null=0.0, statistic=statistic, critical=critical))
