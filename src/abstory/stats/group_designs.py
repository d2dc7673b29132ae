"""Planning with several looks: classical constants, futility, and what looking costs in viewers.

Information is a share of the plan, so the drift θ is the mean of Z at full information; a fixed design needs
θ = z_{1−α} + z_{1−β}, and the inflation of a design is the square of its θ over that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from abstory.stats.boundaries import Boundaries, Surviving, chances, narrowest, start
from abstory.stats.group_sequential import Spending, spent, upper_boundary
from abstory.stats.roots import crossing
from abstory.stats.tails import two_sided_quantile

Shape = Literal["obrien_fleming", "pocock"]


def spending_design(shares: Sequence[float], alpha: float, spending: Spending, *, sides: int = 2) -> Boundaries:
    """The boundaries of a spending function, `alpha` being of one side; `sides` 1 has none below."""
    upper = upper_boundary(shares, alpha, spending, sides=sides)
    lower = tuple(-height if sides == 2 else -math.inf for height in upper)
    return Boundaries(tuple(shares), upper, lower)


def classical_design(looks: int, shape: Shape, alpha: float) -> Boundaries:
    """Two-sided boundaries c (Pocock 1977) or c √(K/k) (O'Brien & Fleming 1979) at K equally spaced looks.

    The constant c, `upper[-1]`, is that of Jennison & Turnbull 1999, tables 2.1 and 2.3.

    Args:
        looks: K, >= 1.
        shape: `pocock` or `obrien_fleming`.
        alpha: two-sided, in (0, 1).
    """
    shares = tuple(k / looks for k in range(1, looks + 1))

    def with_constant(c: float) -> Boundaries:
        upper = tuple(c if shape == "pocock" else c / math.sqrt(share) for share in shares)
        return Boundaries(shares, upper, tuple(-height for height in upper))

    def spare(c: float) -> float:
        crossed = chances(with_constant(c))
        return math.log(alpha / math.fsum((*crossed.above, *crossed.below)))

    low, high = two_sided_quantile(alpha, math.inf), two_sided_quantile(alpha / looks, math.inf)
    return with_constant(low if looks == 1 else crossing(spare, low * (1 - 1e-9), high * (1 + 1e-9)))


def drift_for(design: Boundaries, power: float) -> float:
    """The drift at which the upper boundary is crossed with probability `power`, in (0, 1), above the error rate."""

    def excess(drift: float) -> float:
        return math.fsum(chances(design, drift).above) - power

    return crossing(excess, 0.0, _enough(excess))


def inflation(design: Boundaries, alpha: float, power: float) -> float:
    """Viewers at the last look over those of a fixed design with the same error (`alpha`, one side) and power."""
    scaled = _full(design)
    return (drift_for(scaled, power) / _fixed_drift(alpha, 1 - power)) ** 2


def expected_share(design: Boundaries, drift: float) -> float:
    """Mean information at stopping, in the design's unit; looks that do not stop go on to the last."""
    stopped = chances(design, drift)
    early = [a + b for a, b in zip(stopped.above[:-1], stopped.below[:-1], strict=True)]
    at_looks = math.fsum(p * share for p, share in zip(early, design.information[:-1], strict=True))
    return at_looks + (1 - math.fsum(early)) * design.information[-1]


def futility_design(shares: Sequence[float], alpha: float, beta: float, spending: Spending) -> tuple[Boundaries, float]:
    """Efficacy and non-binding futility boundaries, and the drift they have power 1 − beta for.

    Efficacy ignores futility, so going on in spite of it costs no error. Futility spends `beta` by the same kind of
    function under the drift, which is chosen so that the boundaries meet at the last look (Pampallona, Tsiatis & Kim,
    Drug Information Journal 2001;35:1113).

    Args:
        shares: of the plan, increasing to 1.
        alpha: error of one side, in (0, 0.5].
        beta: chance of missing the drift, in (0, 1 − alpha).
        spending: of alpha and of beta.
    """
    design = spending_design(shares, alpha, spending, sides=1)
    cumulated = [0.0, *(spent(beta, share, spending) for share in shares)]
    increments = [after - before for before, after in pairwise(cumulated)]

    def spare(drift: float) -> float:
        return increments[-1] - _futile(design, increments, drift)[1]

    drift = crossing(spare, 0.0, _enough(spare))
    lower = (*_futile(design, increments, drift)[0], design.upper[-1])
    return replace(design, lower=lower), drift


def _futile(design: Boundaries, increments: Sequence[float], drift: float) -> tuple[list[float], float]:
    """Lower boundaries before the last look, and the chance to miss there, for one drift."""
    width, state = narrowest(design.information), start()
    lower: list[float] = []
    *early, last = zip(design.information, design.upper, increments, strict=True)
    for information, upper, spend in early:
        lower.append(_depth(state, information, (spend, upper), drift))
        state = state.onwards(information, (lower[-1], upper), width, drift)
    return lower, state.below(last[1], last[0], drift)


def _depth(state: Surviving, information: float, spend_and_upper: tuple[float, float], drift: float) -> float:
    """The height below which the spend lies, never above the upper boundary."""
    spend, upper = spend_and_upper
    if state.below(upper, information, drift) <= spend:
        return upper

    def excess(height: float) -> float:
        return state.below(height, information, drift) - spend

    lowest = drift * math.sqrt(information) - two_sided_quantile(2 * spend, math.inf) - 1e-9
    return crossing(excess, min(lowest, upper), upper)


def _fixed_drift(alpha: float, beta: float) -> float:
    return two_sided_quantile(2 * alpha, math.inf) + _quantile(1 - beta)


def _quantile(p: float) -> float:
    return two_sided_quantile(2 * (1 - p), math.inf) if p > 0.5 else -two_sided_quantile(2 * p, math.inf)


def _full(design: Boundaries) -> Boundaries:
    full = design.information[-1]
    return replace(design, information=tuple(share / full for share in design.information))


def _enough(function: Callable[[float], float]) -> float:
    """A drift at which an increasing function is positive."""
    drift = 4.0
    while function(drift) < 0:
        drift *= 2
    return drift
