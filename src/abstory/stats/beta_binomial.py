"""Slots whose rates are Beta about their arm's: log odds by maximum likelihood, as a sensitivity row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.stats.coefficient import Coefficient
from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.moments import Tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_START = 3.0  # log(a + b) of a correlation of .05


@dataclass(frozen=True, slots=True)
class BetaBinomial:
    """Slots whose rates are Beta about their arm's, one spread for both arms.

    Attributes:
        intercept: log odds of control.
        log_odds_ratio: by Wald; anti-conservative below some ten slots an arm.
        rho: correlation of two impressions of a slot, 1/(a + b + 1); 0 where slots scatter no more than binomially.
        log_likelihood: binomial coefficients included.
    """

    intercept: float
    log_odds_ratio: Coefficient
    rho: float
    log_likelihood: float


def beta_binomial(tallies: Sequence[Tally], treated: Sequence[int]) -> BetaBinomial | Undetermined:
    """Maximum likelihood of x ~ BetaBinomial(n, a, b), logit a/(a + b) linear in the arm (Crowder, JRSS C 1978;27:34).

    Maximised over both log odds and log(a + b); errors from the observed information. Where slots scatter no more than
    binomially (the likelihood does not rise with ρ from 0: Tarone, Biometrika 1979;66:585), ρ is 0 and errors are
    binomial.

    Args:
        tallies: completions of impressions, by slot; slots without impressions are left out.
        treated: whether the slot had the treatment.

    Returns:
        TOO_FEW_SLOTS below two slots in an arm; NO_VARIATION where all or none of an arm's impressions completed.
    """
    told = [(tally, bool(arm)) for tally, arm in zip(tallies, treated, strict=True) if tally.n]
    control, treatment = ([tally for tally, own in told if own is arm] for arm in (False, True))
    if min(len(control), len(treatment)) < 2:
        return Undetermined(Reason.TOO_FEW_SLOTS, f"{len(treatment)} and {len(control)} slots")
    sums = [Tally(sum(tally.n for tally in arm), sum(tally.successes for tally in arm)) for arm in (control, treatment)]
    if any(total.successes in {0, total.n} for total in sums):
        return Undetermined(Reason.NO_VARIATION, "all or none completed")
    rising = math.fsum(
        _rise(tally, total.mean) for arm, total in zip((control, treatment), sums, strict=True) for tally in arm
    )
    return _scattered(told, sums) if rising > 0 else _binomial(told, sums)


def _rise(tally: Tally, rate: float) -> float:
    """Of the log likelihood with 1/(a + b), at 0."""
    x, left = tally.successes, tally.n - tally.successes
    return (x * (x - 1) / rate + left * (left - 1) / (1 - rate) - tally.n * (tally.n - 1)) / 2


def _binomial(told: Sequence[tuple[Tally, bool]], sums: Sequence[Tally]) -> BetaBinomial:
    control, treatment = map(_log_odds, sums)
    error = math.sqrt(math.fsum(1 / total.successes + 1 / (total.n - total.successes) for total in sums))
    rates = [(tally, sums[arm].mean) for tally, arm in told]
    likelihood = math.fsum(
        tally.successes * math.log(rate) + (tally.n - tally.successes) * math.log1p(-rate) for tally, rate in rates
    )
    return BetaBinomial(control, Coefficient(treatment - control, error, math.inf), 0.0, likelihood + _ways(told))


def _scattered(told: Sequence[tuple[Tally, bool]], sums: Sequence[Tally]) -> BetaBinomial:
    import numpy as np
    from scipy.optimize import minimize

    n, x, arm = np.array([(tally.n, tally.successes, own) for tally, own in told], dtype=np.float64).T
    design = np.array([np.ones_like(arm), arm])
    control, treatment = map(_log_odds, sums)

    def lost(at: Floats) -> tuple[float, Floats]:
        level, slope, _ = _likelihood(n, x, at[:2] @ design, at[2])
        return -level, -np.append(design @ slope[0], slope[1].sum())

    def bend(at: Floats) -> Floats:
        _, _, (own, mixed, spread) = _likelihood(n, x, at[:2] @ design, at[2])
        edge = (design @ mixed)[:, np.newaxis]
        return -np.block([[design * own @ design.T, edge], [edge.T, spread.sum()]])

    start = np.array([control, treatment - control, _START])
    at = minimize(lost, start, jac=True, hess=bend, method="trust-exact", options={"gtol": 1e-6}).x
    error = math.sqrt(float(np.linalg.inv(bend(at))[1, 1]))
    ratio = Coefficient(float(at[1]), error, math.inf)
    return BetaBinomial(float(at[0]), ratio, 1 / (1 + math.exp(at[2])), _ways(told) - lost(at)[0])


def _likelihood(
    n: Floats, x: Floats, logit: Floats, spread: float
) -> tuple[float, tuple[Floats, ...], tuple[Floats, ...]]:
    """Log likelihood without binomial coefficients, and by slot its derivatives by log odds η and λ = log(a + b).

    First (η, λ), then (ηη, ηλ, λλ), by a = e^λ p, b = e^λ (1 − p).
    """
    from scipy.special import betaln, expit, polygamma, psi

    total, rate, other = math.exp(spread), expit(logit), expit(-logit)
    a, b, left = total * rate, total * other, n - x
    level = float((betaln(a + x, b + left) - betaln(a, b)).sum())
    shared, shared2 = psi(total + n) - psi(total), polygamma(1, total + n) - polygamma(1, total)
    of_a, of_b = psi(a + x) - psi(a) - shared, psi(b + left) - psi(b) - shared
    aa, bb = polygamma(1, a + x) - polygamma(1, a) - shared2, polygamma(1, b + left) - polygamma(1, b) - shared2
    move = total * rate * other
    across = (of_a - of_b) * move
    slope = across, a * of_a + b * of_b
    own = move * move * (aa + 2 * shared2 + bb) + across * (other - rate)
    mixed = move * (a * aa - (b - a) * shared2 - b * bb) + across
    return level, slope, (own, mixed, a * a * aa - 2 * a * b * shared2 + b * b * bb + slope[1])


def _log_odds(total: Tally) -> float:
    return math.log(total.successes / (total.n - total.successes))


def _ways(told: Sequence[tuple[Tally, bool]]) -> float:
    return math.fsum(
        math.lgamma(t.n + 1) - math.lgamma(t.successes + 1) - math.lgamma(t.n - t.successes + 1) for t, _ in told
    )
