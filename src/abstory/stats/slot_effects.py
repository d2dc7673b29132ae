"""One treatment against control over slots: difference, lift and p from the same draws, as one `Effect`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined
from abstory.stats.randomization import Rerandomised, rejected, rerandomise
from abstory.stats.reading import within_unit
from abstory.stats.redraws import DRAWS, Redrawn, by_timelines
from abstory.stats.slots import Slots
from abstory.stats.timeline import Timeline, compared

_EQUAL = 1e-12
"""Relatively: no step of p is so small, and no rounding of alpha over a family so large."""


def compare_slots(slots: Slots, redrawn: Redrawn, alpha: float, *, family: int = 1) -> Effect | Undetermined:
    """Difference and lift of the means of slots (`Redrawn.means`), read by drawing the calendar again.

    p is twice the smaller one-sided share of draws (`Rerandomised.central`). It has steps, so it can be alpha exactly:
    that is not below alpha, and both intervals then still hold 0. They are inverted just below alpha, so that they
    exclude 0 exactly when p < alpha, as everywhere. For a bound of one side at alpha, ask for 2 alpha and take one end.

    The statistic is (S − E S)/sd(S) over the draws, critical the largest value of it that is not rejected on the side
    where the posted calendar lies: the law need not be symmetric. The standard error is that of S once the estimate is
    taken away from treated slots, on the scale of the difference.

    Args:
        slots: as posted, such as `timeline.compared` gives them.
        redrawn: from these slots.
        alpha: two-sided, in (0, 1).
        family: how many comparisons share it, >= 1.

    Returns:
        TOO_FEW_SLOTS where no block has both arms, or so few draws that not even the most extreme one is below alpha,
        2 · family/draws >= alpha; NO_VARIATION where every slot moved alike. The lift as `Rerandomised`.
    """
    within_unit(alpha)
    # A share of alpha is rounded, and a p that equals it must not fall below it by that.
    share = alpha if family == 1 else alpha / family * (1 - _EQUAL)
    level, draws = math.nextafter(share, 0.0), len(redrawn.sums)
    if slots.both and 2 / draws > level:
        least = min(1.0, 2 * family / draws)
        return Undetermined(Reason.TOO_FEW_SLOTS, f"p is at least {least:.2g} with {draws} draws")
    found = rerandomise(slots, redrawn, level)
    if isinstance(found, Undetermined):
        return found
    if isinstance(found.difference, Undetermined):
        return found.difference
    effect = _effect(redrawn, found, found.difference, level)
    p, apart = min(1.0, family * effect.p_value), effect.difference.interval.excludes(0.0)
    # What is p < alpha/family need not be family · p < alpha in doubles.
    return replace(effect, p_value=min(p, math.nextafter(alpha, 0.0)) if apart else max(p, alpha))


def log1p_lift(
    timelines: Sequence[Timeline], *, no_repeat: int, seed: int, alpha: float, draws: int = DRAWS
) -> Estimate | Undetermined:
    """Lift of the geometric mean of 1 + total: totals of a few viral slots weigh less than in the mean.

    A sensitivity row beside `compare_slots`, of the same draws: the difference of log(1 + total), as a factor less 1.

    Args:
        timelines: of totals, each > −1.
        no_repeat: as `by_timelines`.
        seed: as `by_timelines`.
        alpha: two-sided, in (0, 1).
        draws: as `by_timelines`.

    Returns:
        As `compare_slots`.
    """
    logged = [line.log1p() for line in timelines]
    redrawn = by_timelines(logged, no_repeat=no_repeat, seed=seed, draws=draws)
    effect = compare_slots(compared(logged), redrawn, alpha)
    if isinstance(effect, Undetermined):
        return effect
    told = effect.difference
    return Estimate(math.expm1(told.value), Interval(math.expm1(told.interval.low), math.expm1(told.interval.high)))


def _effect(redrawn: Redrawn, found: Rerandomised, difference: Estimate, level: float) -> Effect:
    import numpy as np

    sums, reaches = redrawn.sums[:, 0], redrawn.sums[:, 1]
    spread, apart = float(sums.std()), difference.interval.excludes(0.0)
    statistic, side = float(redrawn.lead[0]) / spread, 1 if found.greater <= found.less else -1
    rank = len(sums) - 1 - rejected(len(sums), level)
    bar = float(np.partition(side * (sums - redrawn.expected[0]), rank)[rank]) / spread
    treatment, control = redrawn.means
    return Effect(
        treatment,
        control,
        difference,
        found.lift,
        statistic,
        found.central,
        # Sums that are ties may differ by rounding, which must not part T from its p.
        min(bar, math.nextafter(abs(statistic), 0.0)) if apart else max(bar, abs(statistic)),
        float((sums - difference.value * reaches).std() / redrawn.lead[1]),
        "rerandomisation",
    )
