"""Sample ratio mismatch: did assigned viewers arrive in the declared proportions?

Counts are of assigned or exposed viewers, never of viewers with events. While an experiment runs the default is
`srm_sequential`, valid at every look; `srm_chisq` is for one look at the end.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from abstory.stats.binomial import log_mass
from abstory.stats.estimate import Interval
from abstory.stats.roots import crossing

ALARM_BELOW = 0.001
SMALLEST_DEVIATION = 0.001
CONCENTRATIONS = (100.0, 10_000.0)
_FEWEST_EXPECTED = 5
_TIES = 1e-7  # relatively, of a likelihood; that of R


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """What a test of the split says.

    Attributes:
        p_value: of the declared shares.
        deviation: the largest relative gap between a count and its expectation; 0.01 is 1 %.
        method: `sequential`, `chi-square` or `exact`.
    """

    p_value: float
    deviation: float
    method: str

    @property
    def alarm(self) -> bool:
        """Whether p < 0.001 (Fabijan et al., KDD 2019) with a gap of at least 0.1 %: a huge N must flag no rounding."""
        return self.p_value < ALARM_BELOW and self.deviation >= SMALLEST_DEVIATION


def srm_sequential(counts: Sequence[int], shares: Sequence[float]) -> SampleRatio:
    """The split so far, at this look of any number of looks (Lindon & Malek, NeurIPS 2022).

    p = 1/BF of the total counts, BF the average of the Bayes factors at concentrations 100 (quick on small
    experiments) and 10,000 (sharp on large ones): an average of martingales is one, a switch by N would not be.
    The smallest p of all looks would be valid too but needs stored looks; without them an alarm may clear again.

    Args:
        counts: viewers by variant, >= 0.
        shares: declared shares, > 0; scaled to sum to 1.
    """
    theta = _normalised(shares)
    logs = [log_bayes_factor(counts, theta, [size * share for share in theta]) for size in CONCENTRATIONS]
    top = max(logs)
    log_mean = top + math.log(math.fsum(math.exp(value - top) for value in logs) / len(logs))
    return SampleRatio(math.exp(min(0.0, -log_mean)), _deviation(counts, theta), "sequential")


def srm_chisq(counts: Sequence[int], shares: Sequence[float]) -> SampleRatio:
    """The split at one look: chi-square with k − 1 degrees of freedom; exact where an expected count is below 5.

    Exact is the binomial test for two variants, and for more the smallest of the variants' binomial p times their
    number (valid, a little conservative; the multinomial's tables are too many to go through).
    """
    theta, total = _normalised(shares), sum(counts)
    if total * min(theta) >= _FEWEST_EXPECTED:
        return SampleRatio(chi_square_p(counts, theta), _deviation(counts, theta), "chi-square")
    each = [binomial_p(count, total, share) for count, share in zip(counts, theta, strict=True)]
    p = each[0] if len(each) == 2 else min(1.0, len(each) * min(each))
    return SampleRatio(p, _deviation(counts, theta), "exact")


def chi_square(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Σ (o − e)²/e; shares sum to 1."""
    total = sum(counts)
    return math.fsum((x - total * share) ** 2 / (total * share) for x, share in zip(counts, shares, strict=True))


def chi_square_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """P of a `chi_square` as large, k − 1 degrees of freedom, whatever the expected counts; shares sum to 1."""
    from scipy.special import chdtrc

    return float(chdtrc(len(counts) - 1, chi_square(counts, shares)))


def binomial_p(successes: int, n: int, share: float) -> float:
    """Exact two-sided binomial test: the mass of all outcomes no likelier than the one seen (R's `binom.test`)."""
    from scipy.special import betainc, betaincc

    mode, seen = min(n, int((n + 1) * share)), log_mass(successes, n, share) + _TIES
    below = bisect_right(range(mode + 1), seen, key=lambda x: log_mass(x, n, share))
    above = mode + bisect_left(range(mode, n + 1), -seen, key=lambda x: -log_mass(x, n, share))
    # P(X < below) and P(X >= above), by the incomplete beta function: scipy's bdtr has but half its digits.
    tails = (
        float(betaincc(below, n - below + 1, share)) if below else 0.0,
        float(betainc(above, n - above + 1, share)) if above <= n else 0.0,
    )
    return min(1.0, sum(tails))


def log_bayes_factor(counts: Sequence[int], shares: Sequence[float], concentration: Sequence[float]) -> float:
    """Logarithm of B(a + x)/B(a) · Π θ^−x: a Dirichlet(a) mixture against the shares θ (Lindon & Malek 2022)."""
    weighted = math.fsum(x * math.log(share) for x, share in zip(counts, shares, strict=True))
    return _log_mixture(counts, concentration) - weighted


def share_intervals(counts: Sequence[int], concentration: Sequence[float], alpha: float) -> tuple[Interval, ...]:
    """Each variant's true share, simultaneous over variants and looks: the reach of the multinomial sequence.

    {θ : Σ x ln θ >= ln B(a + x) − ln B(a) + ln α} projected on each axis, the other shares at their likeliest.
    """
    floor = _log_mixture(counts, concentration) + math.log(alpha)
    return tuple(_share_interval(x, sum(counts), floor - _others(counts, index)) for index, x in enumerate(counts))


def _share_interval(x: int, total: int, floor: float) -> Interval:
    def above(share: float) -> float:
        return _times_log(x, share) + _times_log(total - x, 1 - share) - floor

    peak = x / total if total else 0.5
    low = crossing(above, 0.0, peak) if x else 0.0
    high = 1 - crossing(lambda rest: above(1 - rest), 0.0, 1 - peak) if x < total else 1.0
    return Interval(low, high)


def _others(counts: Sequence[int], index: int) -> float:
    rest = sum(counts) - counts[index]
    return math.fsum(_times_log(x, x / rest) for at, x in enumerate(counts) if at != index and x)


def _times_log(x: float, share: float) -> float:
    """The product x ln(share), with 0 ln 0 = 0 and a floor where a positive x meets no share."""
    return x * math.log(max(share, 1e-300)) if x else 0.0


def _log_mixture(counts: Sequence[int], concentration: Sequence[float]) -> float:
    return _log_beta([a + x for a, x in zip(concentration, counts, strict=True)]) - _log_beta(concentration)


def _log_beta(a: Sequence[float]) -> float:
    return math.fsum(map(math.lgamma, a)) - math.lgamma(math.fsum(a))


def _normalised(shares: Sequence[float]) -> list[float]:
    total = math.fsum(shares)
    return [share / total for share in shares]


def _deviation(counts: Sequence[int], shares: Sequence[float]) -> float:
    total = sum(counts)
    gaps = (abs(x / (total * share) - 1) for x, share in zip(counts, shares, strict=True) if total)
    return max(gaps, default=0.0)
