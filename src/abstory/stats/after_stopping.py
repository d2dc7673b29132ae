"""What to say of an effect when looks have stopped an experiment: the plain interval would be too good.

Stage-wise ordering (Tsiatis, Rosner & Mehta, Biometrics 1984;40:797; Jennison & Turnbull 1999, sections 8.4 and 8.5):
an outcome is the more extreme the earlier it stopped, then by Z. P(at least as extreme | θ) increases in θ; it is the
p value at θ = 0, and the θ at which it is α/2, ½ and 1 − α/2 are the interval and the median-unbiased estimate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from abstory.stats.boundaries import Boundaries, narrowest, start
from abstory.stats.estimate import Estimate, Interval
from abstory.stats.group_designs import spending_design
from abstory.stats.group_sequential import Spending
from abstory.stats.roots import crossing
from abstory.stats.tails import two_sided_quantile


@dataclass(frozen=True, slots=True)
class Stopped:
    """An effect after stopping at one of several looks.

    Attributes:
        estimate: median-unbiased, with an interval at 1 − 2 alpha, in the effect's own unit.
        p_greater: of one side, for a treatment that does better.
        p_value: two-sided, twice the smaller side.
        repeated: the interval that was valid while running, estimate ± critical · standard error.
    """

    estimate: Estimate
    p_greater: float
    p_value: float
    repeated: Interval


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks up to and including the one that stopped.

    Attributes:
        shares: of the planned information, increasing, > 0.
        alpha: error of one side, in (0, 0.5).
        spending: `obrien_fleming` or `pocock`.
        sides: 2 where either side stops, 1 where only the upper does.
    """

    shares: tuple[float, ...]
    alpha: float
    spending: Spending = "obrien_fleming"
    sides: int = 2


def after_stopping(looks: Looks, value: float, standard_error: float) -> Stopped:
    """Estimate, interval and p of an effect that stopped at the last of `looks`.

    Args:
        looks: taken so far; futility that did not bind is left out.
        value: the effect as estimated at the stop, Z = value / standard_error.
        standard_error: of it, > 0.
    """
    design = _in_own_unit(spending_design(looks.shares, looks.alpha, looks.spending, sides=looks.sides), standard_error)
    critical, z = design.upper[-1], value / standard_error

    def solved(level: float) -> float:
        return _drift_with(design, (value, standard_error), level)

    greater, less = extreme(design, z, 0.0), extreme(_mirrored(design), -z, 0.0)
    interval = Interval(solved(looks.alpha), solved(1 - looks.alpha))
    half = critical * standard_error
    return Stopped(
        Estimate(solved(0.5), interval),
        greater,
        min(1.0, 2 * min(greater, less)),
        Interval(value - half, value + half),
    )


def extreme(design: Boundaries, z: float, drift: float) -> float:
    """P(at least as extreme towards the upper side as stopping at the last look with `z`), under a drift."""
    width, state, crossed = narrowest(design.information), start(), 0.0
    for information, upper, lower in list(zip(design.information, design.upper, design.lower, strict=True))[:-1]:
        crossed += state.above(upper, information, drift)
        state = state.onwards(information, (lower, upper), width, drift)
    return crossed + state.above(z, design.information[-1], drift)


def _mirrored(design: Boundaries) -> Boundaries:
    return Boundaries(design.information, _negated(design.lower), _negated(design.upper))


def _drift_with(design: Boundaries, seen: tuple[float, float], level: float) -> float:
    """The drift at which the chance of an outcome as extreme is `level`; it lies within some errors of the estimate."""
    (value, error), z = seen, seen[0] / seen[1]

    def excess(drift: float) -> float:
        return extreme(design, z, drift) - level

    reach = error * (two_sided_quantile(2 * min(level, 1 - level), math.inf) + 1)
    low = high = value
    while excess(low) > 0:
        low -= reach
    while excess(high) < 0:
        high += reach
    return crossing(excess, low, high)


def _in_own_unit(design: Boundaries, standard_error: float) -> Boundaries:
    """Information as 1/variance, so that the drift is the effect itself."""
    full = design.information[-1] * standard_error * standard_error
    return Boundaries(tuple(share / full for share in design.information), design.upper, design.lower)


def _negated(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(-value for value in values)
