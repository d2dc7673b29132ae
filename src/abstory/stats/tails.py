"""Tails of the normal and Student distributions; scipy is loaded only where degrees of freedom are finite."""

from __future__ import annotations

import math
from statistics import NormalDist

_INVERSE = NormalDist().inv_cdf
_SQRT_2 = math.sqrt(2)
_SMALLEST_P = 1e-300  # below it a quantile is of no use and the inverse leaves its domain


def two_sided_quantile(alpha: float, df: float) -> float:
    """The q with P(|T| > q) = alpha, for T normal (`df` infinite) or Student.

    Args:
        alpha: in (0, 1].
        df: degrees of freedom, > 0, may be infinite.
    """
    half = max(alpha, _SMALLEST_P) / 2
    if math.isinf(df):
        return -_INVERSE(half)
    from scipy.special import stdtrit

    return -float(stdtrit(df, half))


def two_sided_p(statistic: float, df: float) -> float:
    """P(|T| > |statistic|) for T normal (`df` infinite) or Student."""
    if math.isinf(df):
        return math.erfc(abs(statistic) / _SQRT_2)
    from scipy.special import stdtr

    return 2 * float(stdtr(df, -abs(statistic)))


def normal_equivalent(statistic: float, df: float) -> float:
    """The normal |z| that is as unlikely as |statistic| is with `df` degrees of freedom."""
    return abs(statistic) if math.isinf(df) else two_sided_quantile(two_sided_p(statistic, df), math.inf)
