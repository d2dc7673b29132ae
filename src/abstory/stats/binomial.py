"""The binomial distribution by its logarithm, to full precision however many units there are.

Differences of log gammas lose digits as n grows: at 10⁷ units their rounding is as large as what tells two equally
likely outcomes apart. Loader's form has no large terms to cancel (Fast and accurate computation of binomial
probabilities, 2000; the same as R's `dbinom`).
"""

from __future__ import annotations

import math

_SERIES = 16
_HALF_LOG_TAU = math.log(math.tau) / 2


def log_mass(x: int, n: int, share: float) -> float:
    """Logarithm of P(X = x) for X binomial; 0 <= x <= n, `share` in (0, 1).

    δ(n) − δ(x) − δ(n − x) − D(x, np) − D(n − x, n(1 − p)) + ½ ln(n/(2π x (n − x))), with D(x, m) = x ln(x/m) + m − x
    and δ the error of Stirling's formula.
    """
    missed = n - x
    if not x or not missed:
        return n * (math.log(share) if x else math.log1p(-share))
    away = _away(x, n * share) + _away(missed, n * (1 - share))
    return _stirling(n) - _stirling(x) - _stirling(missed) - away - _HALF_LOG_TAU - math.log(x / n * missed) / 2


def _away(x: int, mean: float) -> float:
    gap = x - mean
    return x * math.log1p(gap / mean) - gap


def _stirling(n: int) -> float:
    """By Stirling: ln n! − (n + ½) ln n + n − ½ ln 2π."""
    if n < _SERIES:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - _HALF_LOG_TAU
    square = float(n) * n
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / n
