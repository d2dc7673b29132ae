"""Tails of the normal, Student and chi-square distributions; scipy is loaded only where it must be."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

N = TypeVar("N", float, "Floats")

_INVERSE = NormalDist().inv_cdf
_SQRT_2 = math.sqrt(2)
_SMALLEST_P = 1e-300  # below it a quantile is of no use and the inverse leaves its domain
_MANY_DF = 1e5
_FAR = 12.0  # beyond it the first term left out of either expansion is no longer below rounding


def two_sided_quantile(alpha: float, df: float) -> float:
    """The q with P(|T| > q) = alpha, for T normal (`df` infinite) or Student.

    Args:
        alpha: in (0, 1].
        df: degrees of freedom, > 0, may be infinite.
    """
    half = max(alpha, _SMALLEST_P) / 2
    if df == math.inf:
        return _normal_quantile(half)
    if df >= _MANY_DF and (z := _normal_quantile(half)) <= _FAR:
        return _stretched(z, df)
    from scipy.special import stdtrit

    return -float(stdtrit(df, half))


def two_sided_p(statistic: float, df: float) -> float:
    """P(|T| > |statistic|) for T normal (`df` infinite) or Student."""
    if df == math.inf:
        return math.erfc(abs(statistic) / _SQRT_2)
    if df >= _MANY_DF and abs(statistic) <= _FAR:
        return math.erfc(_shrunk(abs(statistic), df) / _SQRT_2)
    from scipy.special import stdtr

    return 2 * float(stdtr(df, -abs(statistic)))


def two_sided_quantiles(alpha: float, df: Floats) -> Floats:
    """`two_sided_quantile` of finite degrees of freedom in an array."""
    half = max(alpha, _SMALLEST_P) / 2
    if df.min() >= _MANY_DF and (z := _normal_quantile(half)) <= _FAR:
        return _stretched(z, df)
    import numpy as np
    from scipy.special import stdtrit

    return -np.asarray(stdtrit(df, half), dtype=np.float64)


def two_sided_ps(statistics: Floats, df: Floats) -> Floats:
    """`two_sided_p` of statistics with finite degrees of freedom, in arrays."""
    import numpy as np
    from scipy import special

    t = abs(statistics)
    if df.min() >= _MANY_DF and t.max() <= _FAR:
        return special.erfc(_shrunk(t, df, np) / _SQRT_2)
    return 2 * special.stdtr(df, -t)


def normal_equivalent(statistic: float, df: float) -> float:
    """The normal |z| that is as unlikely as |statistic| is with `df` degrees of freedom."""
    return abs(statistic) if math.isinf(df) else two_sided_quantile(two_sided_p(statistic, df), math.inf)


def chi_square_p(value: float, df: int) -> float:
    """P(X > value) for X chi-square with `df` >= 1 degrees of freedom."""
    from scipy.special import chdtrc

    return float(chdtrc(df, value))


@lru_cache(maxsize=256)
def _normal_quantile(half: float) -> float:
    return -_INVERSE(half)


def _stretched(z: float, df: N) -> N:
    """Student's quantile from the normal one: Cornish and Fisher's expansion to df⁻³ (Abramowitz & Stegun 26.7.5)."""
    s = z * z
    third = z * (((3 * s + 19) * s + 17) * s - 15) / 384
    return z + (z * (s + 1) / 4 + (z * ((5 * s + 16) * s + 3) / 96 + third / df) / df) / df


def _shrunk(t: N, df: N, xp: ModuleType = math) -> N:
    """The normal |z| as unlikely as |t|: Wallace's transform, corrected once (Hill, CACM 1970;13:617)."""
    a = df - 0.5
    y = a * xp.log1p(t * t / df)
    shrunk: N = xp.sqrt(y) * (1 + (y + 3) / (48 * a * a))
    return shrunk
