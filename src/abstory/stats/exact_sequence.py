"""Looking whenever one likes, exactly: one rate, rare successes alone, and means of few units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from abstory.stats.estimate import Interval, Reason, Undetermined
from abstory.stats.moments import Sample, Tally
from abstory.stats.reading import agreed, within_unit
from abstory.stats.roots import crossing
from abstory.stats.sample_ratio import log_bayes_factor
from abstory.stats.sequential import mixture_critical, rho_squared

_TUNED_AT = 0.05
_SMALLEST_SIZE = 1e-3
_EDGE = 1e-300
RARE_PRIOR = 100.0


def beta_binomial_sequence(arm: Tally, alpha: float, planned: float) -> Interval:
    """One rate at every look at once, exact for 0/1 outcomes.

    {p : B(κp + x, κ(1−p) + n − x)/B(κp, κ(1−p)) · p^−x (1−p)^−(n−x) < 1/α}: a Beta prior of size κ centred on each
    tested p (Howard, Ramdas, McAuliffe & Sekhon, Annals of Statistics 2021;49:1055, Prop. 6, two-sided).

    Args:
        arm: at least one unit; without any the interval is [0, 1].
        alpha: over all looks together, in (0, 1).
        planned: units at which to be tight, > 0, declared before the data: κ = planned/(L + ln(1 + L)) − 1,
            L = 2 ln(1/.05), at least .001.
    """
    within_unit(alpha)
    twice = -2 * math.log(_TUNED_AT)
    size = max(planned / (twice + math.log1p(twice)) - 1, _SMALLEST_SIZE)
    low = _lowest(arm, alpha, size)
    mirrored = Tally(arm.n, arm.n - arm.successes)
    return Interval(low, 1 - _lowest(mirrored, alpha, size))


def equal_rates_p(
    successes: Sequence[int], shares: Sequence[float], *, concentration: float = RARE_PRIOR
) -> float | Undetermined:
    """Anytime p that all variants have one rate, from successes alone: under it they fall like the traffic.

    1/BF of the multinomial with a Dirichlet mixture around the traffic shares (Lindon & Malek, NeurIPS 2022), exact at
    every look. It needs no denominators and suits rare events; above rates of about 30 % it throws power away. The
    smallest p over the looks so far is valid too.

    Args:
        successes: by variant.
        shares: of traffic, by variant, > 0, summing to 1.
        concentration: of the Dirichlet mixture, > 0; the more, the smaller the differences it is tuned to.

    Returns:
        TOO_FEW without any success.
    """
    if not sum(successes):
        return Undetermined(Reason.TOO_FEW, "0 successes")
    log_e = log_bayes_factor(list(successes), list(shares), [concentration * share for share in shares])
    return math.exp(min(0.0, -log_e))


def anytime_t_critical(n: float, df: float, rho2: float, alpha: float) -> float:
    """|t| at which the evidence of a t mixture reaches 1/alpha; inf while no t can be enough.

    r = 1/(1 + nρ²), w = (rα²)^(1/(ν+1)), √(ν(1 − w)/(w − r)) (Lindon, Ham, Tingley & Bojinov, Anytime-valid linear
    models, 2022, with g = 1/ρ²). Its limit for many degrees of freedom is `mixture_critical`.

    Args:
        n: units of both arms.
        df: ν, > 0; inf gives the limit.
        rho2: ρ², > 0, fixed before the data.
        alpha: in (0, 1).
    """
    if math.isinf(df):
        return mixture_critical(n, rho2, alpha)
    r = 1 / (1 + n * rho2)
    log_w = (2 * math.log(alpha) - math.log1p(n * rho2)) / (df + 1)
    above = math.exp(log_w) - r
    return math.sqrt(df * -math.expm1(log_w) / above) if above > 0 else math.inf


def anytime_t_p(statistic: float, n: float, df: float, rho2: float) -> float:
    """The smallest alpha whose `anytime_t_critical` lies below |statistic|, at most 1.

    p = ((ν + r t²)/(ν + t²))^((ν+1)/2)/√r.
    """
    information, square = n * rho2, statistic * statistic
    if math.isinf(df):
        log_p = 0.5 * (math.log1p(information) - square * information / (information + 1))
        return math.exp(min(0.0, log_p))
    lost = information / (1 + information)
    log_w = math.log1p(-lost * square / (df + square))
    return math.exp(min(0.0, 0.5 * ((df + 1) * log_w + math.log1p(information))))


@dataclass(frozen=True)
class AnytimeT:
    """A reading for few units (below a thousand), valid at every look where the outcome is nearly normal.

    Attributes:
        alpha: two-sided error rate over all looks together, in (0, 1).
        planned: units of the compared pair together at the declared end, > 0.
        tuned_at: the alpha that ρ² is computed from; `alpha` where None.
    """

    alpha: float
    planned: float
    tuned_at: float | None = None

    def __post_init__(self) -> None:
        within_unit(self.alpha)
        if not self.planned > 0:
            raise ValueError(f"planned units must be positive, not {self.planned}")

    @property
    def name(self) -> str:
        return "always valid, small samples"

    @cached_property
    def rho2(self) -> float:
        """The mixture's precision, fixed before the data."""
        return rho_squared(self.tuned_at or self.alpha, self.planned)

    def critical(self, n: int, df: float) -> float:
        return anytime_t_critical(n, df, self.rho2, self.alpha)

    def p_value(self, statistic: float, n: int, df: float) -> float:
        return agreed(anytime_t_p(statistic, n, df, self.rho2), statistic, self, n, df)

    def at(self, alpha: float) -> Self:
        return replace(self, alpha=alpha, tuned_at=self.tuned_at or self.alpha)

    def lacks(self, arm: Tally | Sample) -> str:
        """Means only: a 0/1 outcome of few units is not nearly normal."""
        return "a normal outcome" if isinstance(arm, Tally) else ""


def _lowest(arm: Tally, alpha: float, size: float) -> float:
    """The lowest rate the data do not speak against; the evidence falls as the rate rises to x/n.

    One success is no evidence against a rate near 0: as p → 0 it tends to κ/(κ + n − 1).
    """
    if arm.successes < 2:
        return 0.0
    seen = arm.successes / arm.n
    lower = seen * math.exp(-1.0)
    while lower > _EDGE and _log_evidence(arm, lower, size) < -math.log(alpha):
        lower *= math.exp(-2.0)
    return crossing(lambda p: -math.log(alpha) - _log_evidence(arm, p, size), lower, seen)


def _log_evidence(arm: Tally, p: float, size: float) -> float:
    from scipy.special import betaln

    a, b, failures = size * p, size * (1 - p), arm.n - arm.successes
    mixed = float(betaln(a + arm.successes, b + failures) - betaln(a, b)) if p < 1 else 0.0
    return mixed - arm.successes * math.log(p) - (failures * math.log1p(-p) if failures else 0.0)
