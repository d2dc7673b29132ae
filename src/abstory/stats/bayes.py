"""Chance to beat control and expected loss, for reading beside a verdict and never in place of one.

Priors are arguments and belong in the report. With a flat prior the chance to beat control is one minus the one-sided p
in disguise, and looking often misleads it as it misleads p.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from abstory.stats.estimate import Interval, Reason, Undetermined
from abstory.stats.means import delta_lift_error
from abstory.stats.moments import Sample, Tally
from abstory.stats.tails import two_sided_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BREAKS = (-60, -40, -25, -16, -12, -8, -5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12, 16, 25, 40, 60)
_NODES = 24
WEAKEST_LIFT = 0.1
PRIOR_SHARE = 10


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """Of a rate: `successes` and `failures` imagined beforehand, both > 0."""

    successes: float = 1.0
    failures: float = 1.0

    def __post_init__(self) -> None:
        if not (self.successes > 0 and self.failures > 0):
            raise ValueError(f"a Beta prior needs positive counts, not {self.successes} and {self.failures}")


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """Of a lift: normal; `deviation` inf for a flat one."""

    mean: float = 0.0
    deviation: float = WEAKEST_LIFT

    def __post_init__(self) -> None:
        if not (self.deviation > 0 and math.isfinite(self.mean)):
            raise ValueError(f"a normal prior needs a positive deviation, not {self.deviation}")


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of an effect.

    Attributes:
        chance: that treatment beats control.
        loss_shipping: mean of what is lost by shipping treatment where control is better, in the effect's unit.
        loss_keeping: mean of what is lost by keeping control where treatment is better.
        mean: of the effect; loss_keeping − loss_shipping.
        interval: central, of the effect.
    """

    chance: float
    loss_shipping: float
    loss_keeping: float
    mean: float
    interval: Interval


def rates_posterior(
    treatment: Tally, control: Tally, *, prior: BetaPrior = BetaPrior(), level: float = 0.95
) -> Posterior:
    """Two rates with independent Beta posteriors; the effect is their difference.

    P(p_t > p_c) = ∫f_c(1 − F_t), loss of shipping E(p_c − p_t)₊ = ∫F_t(1 − F_c), of keeping ∫F_c(1 − F_t): no
    difference of large numbers. Gauss–Legendre on the logit scale between break points around both posteriors.

    Args:
        treatment: any counts; none at all leaves the prior.
        control: likewise.
        prior: of both rates.
        level: of the credible interval, in (0, 1).
    """
    t, c = _beta(treatment, prior), _beta(control, prior)
    chance, shipping, keeping = _losses(t, c)
    return Posterior(chance, shipping, keeping, t.mean - c.mean, _difference_interval(t, c, level))


def rate_interval(arm: Tally, *, prior: BetaPrior = BetaPrior(), level: float = 0.95) -> Interval:
    """Central credible interval of one rate."""
    from scipy.special import betaincinv

    beta, side = _beta(arm, prior), (1 - level) / 2
    return Interval(float(betaincinv(beta.a, beta.b, side)), float(betaincinv(beta.a, beta.b, 1 - side)))


def prior_from(rates: list[Tally], units: int) -> BetaPrior | Undetermined:
    """A prior that past stories' rates suggest, by moments, worth a tenth of `units` viewers at most.

    Mean and variance of the rates give a + b = m(1 − m)/s² − 1.

    Args:
        rates: of past stories, each with viewers.
        units: viewers an arm of the experiment at hand.

    Returns:
        TOO_FEW for fewer than two stories, NO_VARIATION where their rates are alike or spread beyond any Beta.
    """
    if len(rates) < 2:
        return Undetermined(Reason.TOO_FEW, f"{len(rates)} past stories")
    means = [arm.mean for arm in rates]
    mean = math.fsum(means) / len(means)
    variance = math.fsum((value - mean) ** 2 for value in means) / (len(means) - 1)
    if not 0 < variance < mean * (1 - mean):
        return Undetermined(Reason.NO_VARIATION, f"{len(rates)} past stories")
    size = min(mean * (1 - mean) / variance - 1, units / PRIOR_SHARE)
    return BetaPrior(mean * size, (1 - mean) * size)


def lift_posterior(
    treatment: Sample, control: Sample, *, prior: NormalPrior = NormalPrior(), level: float = 0.95
) -> Posterior | Undetermined:
    """A lift with a normal likelihood (plain delta method) and a normal prior; losses are relative to control.

    Precision 1/v + 1/τ²; with μ, s of the posterior: chance Φ(μ/s), loss of keeping μΦ(μ/s) + sφ(μ/s).

    Args:
        treatment: two units or more.
        control: two units or more, mean above 0.
        prior: of the lift; N(0, 0.1²) draws it towards nothing.
        level: of the credible interval, in (0, 1).

    Returns:
        TOO_FEW, NEGATIVE_CONTROL, CONTROL_NEAR_ZERO for a mean of 0, or NO_VARIATION.
    """
    if min(treatment.n, control.n) < 2:
        return Undetermined(Reason.TOO_FEW, f"{treatment.n} and {control.n}")
    if not control.mean > 0:
        return Undetermined(Reason.CONTROL_NEAR_ZERO if control.mean == 0 else Reason.NEGATIVE_CONTROL)
    error = delta_lift_error(treatment, control)
    if not error > 0:
        return Undetermined(Reason.NO_VARIATION)
    precision = error**-2 + prior.deviation**-2
    mean = ((treatment.mean / control.mean - 1) * error**-2 + prior.mean * prior.deviation**-2) / precision
    return normal_posterior(mean, precision**-0.5, level=level)


def normal_posterior(mean: float, deviation: float, *, level: float = 0.95) -> Posterior:
    """Chance, losses and interval of an effect believed to be normal; `deviation` > 0."""
    z = mean / deviation
    half = two_sided_quantile(1 - level, math.inf) * deviation
    interval = Interval(mean - half, mean + half)
    chance = math.erfc(-z / math.sqrt(2)) / 2
    return Posterior(chance, deviation * _shortfall(-z), deviation * _shortfall(z), mean, interval)


@dataclass(frozen=True, slots=True)
class _Beta:
    """A rate's posterior, handled through s = logit(rate): there its density is smooth, whatever a and b."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)

    @property
    def variance(self) -> float:
        return self.mean * self.b / (self.a + self.b) / (self.a + self.b + 1)

    def density(self, s: Floats) -> Floats:
        """Of the logit, up to a factor: relative to the mode, or large counts would cancel digits."""
        import numpy as np

        share, away = self.mean, s - math.log(self.a / self.b)
        near = np.log1p(share * np.expm1(np.clip(away, -1, 1)))
        far = np.logaddexp(math.log1p(-share), math.log(share) + away)
        return np.exp(self.a * away - (self.a + self.b) * np.where(np.abs(away) < 1, near, far))

    def below(self, s: Floats) -> Floats:
        """P(logit <= s)."""
        from scipy.special import betainc, expit

        return betainc(self.a, self.b, expit(s))

    def above(self, s: Floats) -> Floats:
        """P(logit >= s)."""
        from scipy.special import betainc, expit

        return betainc(self.b, self.a, expit(-s))

    def cuts(self) -> Floats:
        """Logits between which all of the above are nearly polynomials, out to where nothing is left."""
        import numpy as np
        from scipy.special import polygamma, psi

        width = math.sqrt(float(polygamma(1, self.a) + polygamma(1, self.b)))
        return float(psi(self.a) - psi(self.b)) + width * np.array(_BREAKS)


def _beta(arm: Tally, prior: BetaPrior) -> _Beta:
    return _Beta(arm.successes + prior.successes, arm.n - arm.successes + prior.failures)


def _pieces(*cuts: Floats) -> tuple[Floats, Floats]:
    """Gauss–Legendre nodes and weights between all cuts."""
    import numpy as np

    edges = np.unique(np.concatenate(cuts))
    nodes, weights = _legendre()
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (nodes + 1)).ravel(), (half * weights).ravel()


@cache
def _legendre() -> tuple[Floats, Floats]:
    from scipy.special import roots_legendre

    nodes, weights = roots_legendre(_NODES)
    return nodes, weights


def _losses(t: _Beta, c: _Beta) -> tuple[float, float, float]:
    """P(p_t > p_c), E(p_c − p_t)₊ and E(p_t − p_c)₊; dp = p(1 − p) ds."""
    from scipy.special import expit

    s, weights = _pieces(t.cuts(), c.cuts())
    unit = weights * expit(s) * expit(-s)
    return (
        _mean_over(c, t.above(s), (s, weights)),
        float(unit @ (t.below(s) * c.above(s))),
        float(unit @ (c.below(s) * t.above(s))),
    )


def _difference_interval(t: _Beta, c: _Beta, level: float) -> Interval:
    """Where ∫f_c(x) F_t(x + d) dx, the chance of a difference below d, is what each side leaves."""
    from scipy.optimize import brentq

    # Cantelli: beyond √(1/side) deviations lies less than a side, whatever the distribution.
    side = (1 - level) / 2
    mean, reach = t.mean - c.mean, math.sqrt((t.variance + c.variance) / side)
    low, high = max(-1.0, mean - reach), min(1.0, mean + reach)
    ends = [float(brentq(lambda d, q=q: _chance_below(t, c, d) - q, low, high, xtol=1e-13)) for q in (side, 1 - side)]
    return Interval(*ends)


def _chance_below(t: _Beta, c: _Beta, difference: float) -> float:
    """P(p_t − p_c <= difference); the cuts of p_t are moved along, so that where it ends is cut finely too."""
    import numpy as np
    from scipy.special import betainc, expit, logit

    moved = expit(t.cuts()) - difference
    inside = moved[(moved > 0) & (moved < 1)]
    ends = np.array([end for end in (-difference, 1 - difference) if 0 < end < 1])
    s, weights = _pieces(c.cuts(), logit(inside), logit(ends))
    share = betainc(t.a, t.b, np.clip(expit(s) + difference, 0.0, 1.0))
    return _mean_over(c, share, (s, weights))


def _mean_over(beta: _Beta, values: Floats, nodes: tuple[Floats, Floats]) -> float:
    s, weights = nodes
    mass = weights * beta.density(s)
    return float(mass @ values / mass.sum())


def _shortfall(z: float) -> float:
    """E(z + N)₊ = zΦ(z) + φ(z), without cancellation for z far below 0."""
    from scipy.special import erfcx

    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    if z > 0:
        return z + _shortfall(-z)
    mills = math.sqrt(math.pi / 2) * float(erfcx(-z / math.sqrt(2)))
    return max(0.0, density * (1 + z * mills))
