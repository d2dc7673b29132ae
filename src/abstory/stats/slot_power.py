"""How many slots a comparison needs: impressions of one slot share its luck, so slots count, and reach helps little.

`power.chance` and `power.viewers` take these signals with slots in place of viewers, and `student` as critical value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.moments import Tally
from abstory.stats.power import Critical, Signal, means
from abstory.stats.randomization import rejected
from abstory.stats.tails import two_sided_quantile

_SMOOTH, _PARTS = 100, 24


def design_effect(size: float, icc: float) -> float:
    """1 + (m − 1)ICC: by how much the variance exceeds that of independent impressions (Kish, Survey Sampling, 1965).

    Args:
        size: impressions of a slot, >= 1.
        icc: correlation of two impressions of one slot, in [0, 1].

    Raises:
        ValueError: outside of either.
    """
    if not (size >= 1 and 0 <= icc <= 1):
        raise ValueError(f"a slot has one impression or more and a correlation in [0, 1], not {size} and {icc}")
    return 1 + (size - 1) * icc


def slot_means(variance: float, gap: float, *, size: float, icc: float) -> Signal:
    """Two means of `variance` > 0 per impression, `gap` apart, per slot of an arm."""
    return means(math.sqrt(variance * design_effect(size, icc) / size), gap)


def slot_rates(control: float, treatment: float, *, size: float, icc: float) -> Signal:
    """Two rates in (0, 1), per slot of an arm; their variances are not pooled, for slot means are compared.

    However many impressions, a slot's variance stays above ICC · p(1 − p).

    Raises:
        ValueError: a rate outside (0, 1).
    """
    if not (0 < control < 1 and 0 < treatment < 1):
        raise ValueError(f"a rate to plan with lies in (0, 1), not {control} and {treatment}")
    variance = (control * (1 - control) + treatment * (1 - treatment)) / 2
    return slot_means(variance, treatment - control, size=size, icc=icc)


def student(alpha: float) -> Critical:
    """From slots in an arm, k > 1, to the critical value of t with 2(k − 1) degrees of freedom; `alpha` two-sided."""
    return lambda slots: (two_sided_quantile(alpha, 2 * (slots - 1)), 2 * (slots - 1))


def levels(alpha: float, draws: int) -> tuple[float, ...]:
    """Two-sided levels of T, each as likely as the others, that `p < alpha` amounts to where p is a share of draws.

    p < alpha leaves r draws on the side of the posted one, itself among them: fewer than r of the other M − 1 may be
    as extreme. Where each of these is beyond T with the probability u of T's own tail, that has the chance
    P(Beta(r, M − r) > u): T must pass a level that is itself drawn from that law, of mean r/M (Jöckel, Annals of
    Statistics 1986;14:336). Its quantiles are given, or the mean alone where r is so large that they are one.

    Args:
        alpha: of one comparison, two-sided, in (0, 1).
        draws: compared, the one posted among them, M >= 1.

    Returns:
        Nothing where p < alpha cannot be, whatever is seen.
    """
    most = rejected(draws, math.nextafter(alpha, 0.0))
    if not 0 < most < draws:
        return ()
    if most > _SMOOTH:
        return (2 * most / draws,)
    from scipy.special import betaincinv

    return tuple(2 * float(betaincinv(most, draws - most, (at + 0.5) / _PARTS)) for at in range(_PARTS))


def icc_anova(tallies: Sequence[Tally]) -> float | Undetermined:
    """Correlation of two impressions of one slot, from past slots of like kind, by analysis of variance; 0 if negative.

    (MSB − MSW)/(MSB + (n₀ − 1)MSW), MSB = Σ n_i(p_i − p)²/(k − 1), MSW = Σ n_i p_i(1 − p_i)/(N − k),
    n₀ = (N − Σ n_i²/N)/(k − 1) (Ridout, Demétrio & Firth, Biometrics 1999;55:137, after Elston).

    Args:
        tallies: completions of impressions, by slot; slots without impressions are left out.

    Returns:
        TOO_FEW_SLOTS below two, or with one impression each; NO_VARIATION where all or none completed.
    """
    told = [tally for tally in tallies if tally.n]
    k, n, x = len(told), sum(tally.n for tally in told), sum(tally.successes for tally in told)
    if k < 2 or n == k:
        return Undetermined(Reason.TOO_FEW_SLOTS, f"{k} slots of {n} impressions")
    if x in {0, n}:
        return Undetermined(Reason.NO_VARIATION, "all or none completed")
    between = math.fsum(tally.n * (tally.mean - x / n) ** 2 for tally in told) / (k - 1)
    within = math.fsum(tally.successes * (1 - tally.mean) for tally in told) / (n - k)
    size = (n - sum(tally.n**2 for tally in told) / n) / (k - 1)
    return max(0.0, (between - within) / (between + (size - 1) * within))
