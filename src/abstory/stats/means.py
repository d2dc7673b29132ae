"""Two means (or ratios as linearised samples): Welch for the difference, Fieller for the lift, one critical value."""

from __future__ import annotations

import math
from math import sqrt

from abstory.stats.estimate import Effect, Interval, Reason, Undetermined
from abstory.stats.moments import Sample
from abstory.stats.reading import Reading
from abstory.stats.skewness import of_difference
from abstory.stats.two import Two, read


def compare(treatment: Sample, control: Sample, reading: Reading, *, method: str = "welch") -> Effect | Undetermined:
    """Difference and lift of two means, read at one critical value.

    T(δ) = (m_t − m_c − δ)/√(s²_t/n_t + s²_c/n_c), Welch, Biometrika 1947;34:28. The lift uses
    T(R) = (m_t − R m_c)/√(v_t + R² v_c) (Fieller, JRSS B 1954;16:175) with the same critical value, and T(R = 1) is
    T(δ = 0): the two intervals exclude 0 together.

    Returns:
        NO_VIEWERS with an empty arm, TOO_FEW below two units, TOO_EARLY where the reading lacks units, NO_VARIATION
        where neither arm varies, TOO_SKEWED where the difference's skewness is known and would make the error more
        than 1.2 times its nominal value. The lift is CONTROL_NEAR_ZERO where control's mean is not distinguishable
        from 0 at the critical value, NEGATIVE_CONTROL below 0.
    """
    if missing := _missing(treatment, control, reading):
        return missing
    v_t, v_c = treatment.variance / treatment.n, control.variance / control.n
    if not v_t + v_c > 0:
        return Undetermined(Reason.NO_VARIATION)
    n, df, skewness = treatment.n + control.n, welch_df(treatment, control), of_difference(treatment, control)
    return read(Two(treatment.mean, control.mean, v_t, v_c, 0.0, n, df, skewness), reading, method)


def welch_df(treatment: Sample, control: Sample, *, ratio: float = 1.0) -> float:
    """Degrees of freedom of v_t + ratio² v_c by Welch and Satterthwaite; `ratio` 1 for a difference.

    (a + b)²/(a²/(n_t − 1) + b²/(n_c − 1)), written in shares of a + b so that no square over- or underflows.
    Both arms have at least two units and one of them varies.
    """
    a, b = treatment.variance / treatment.n, ratio * ratio * control.variance / control.n
    share = a / (a + b)
    return 1 / (share * share / (treatment.n - 1) + (1 - share) * (1 - share) / (control.n - 1))


def log_lift(treatment: Sample, control: Sample, critical: float) -> Interval:
    """Ratio of means by the delta method on the log scale, both means > 0; may contradict the difference's test.

    R̂ exp(± critical √(v_t/m_t² + v_c/m_c²)).
    """
    ratio = treatment.mean / control.mean
    width = math.exp(critical * sqrt(_relative(treatment) + _relative(control)))
    return Interval(ratio / width, ratio * width)


def delta_lift_error(treatment: Sample, control: Sample) -> float:
    """Standard error of m_t/m_c − 1 by the plain delta method, control's mean not 0.

    √(v_t/m_c² + v_c m_t²/m_c⁴): symmetric, so it under-covers where control is noisy.
    """
    ratio = treatment.mean / control.mean
    return sqrt(treatment.variance / treatment.n + ratio * ratio * control.variance / control.n) / abs(control.mean)


def _missing(treatment: Sample, control: Sample, reading: Reading) -> Undetermined | None:
    fewest = min(treatment.n, control.n)
    if fewest < 2:
        return Undetermined(Reason.TOO_FEW if fewest else Reason.NO_VIEWERS, f"{treatment.n} and {control.n}")
    lacking = reading.lacks(treatment) or reading.lacks(control)
    return Undetermined(Reason.TOO_EARLY, lacking) if lacking else None


def _relative(arm: Sample) -> float:
    return arm.variance / arm.n / (arm.mean * arm.mean)
